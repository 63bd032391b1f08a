import { useEffect, useState } from 'react';
import type { UnixMs } from '../../core/time.ts';
import type { Clock } from '../../services/clock.ts';

/** The server's time, renewed every `everyMs`. For small components only: each tick renders its user. */
export function useNow(clock: Clock, everyMs: number): UnixMs {
  const [now, setNow] = useState(clock.serverNow);
  useEffect(() => {
    const tick = () => setNow(clock.serverNow());
    tick();
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  }, [clock, everyMs]);
  return now;
}
