import type { StoreApi } from 'zustand/vanilla';
import { useStore } from 'zustand';
import { formatAge } from '../../core/units.ts';
import { SourceBadge } from '../../features/exposures/SourceBadge.tsx';
import { useNow } from '../../features/exposures/useNow.ts';
import type { Clock } from '../../services/clock.ts';
import type { CameraState } from '../../services/efd/cameraState.ts';
import type { EfdClient } from '../../services/efd/efdClient.ts';

export interface EfdBadgeProps {
  readonly camera: StoreApi<CameraState>;
  readonly efd: EfdClient;
  readonly clock: Clock;
}

/** Camera events are asked for each second: older than this is worth a look, then a fault. */
const LATE_SECONDS = 5;
const STALE_SECONDS = 20;

export function EfdBadge({ camera, efd, clock }: EfdBadgeProps) {
  const asOf = useStore(camera, (s) => s.asOf);
  const error = useStore(camera, (s) => s.error);
  const now = useNow(clock, 1000);
  if (efd.unavailable !== null)
    return <SourceBadge name="EFD" state="off" word="none" age="" title={efd.unavailable} />;
  const seconds = asOf === null ? null : Math.max(0, (now - asOf) / 1000);
  const age = seconds === null ? '' : formatAge(seconds);
  const title = `EFD: camera events ${seconds === null ? 'not answered yet' : `of ${age} ago`}. ${error?.message ?? ''}`;
  if (error) {
    const long = seconds === null || seconds > STALE_SECONDS;
    const word = error.tag === 'Unreachable' ? 'stale: unreachable' : 'stale: failed';
    return <SourceBadge name="EFD" state={long ? 'bad' : 'warn'} word={word} age={age} title={title} />;
  }
  if (seconds === null) return <SourceBadge name="EFD" state="off" word="asking" age="" title={title} />;
  const late = seconds > LATE_SECONDS;
  return (
    <SourceBadge
      name="EFD"
      state={late ? 'warn' : 'good'}
      word={late ? 'late' : 'ok'}
      age={age}
      title={title}
    />
  );
}
