import { useEffect, useState } from 'react';
import type { UnixMs } from '../../core/time.ts';
import { onMultiples, type Clock } from '../../services/clock.ts';

/** The server's time, renewed at its multiples of `everyMs`. For small components only: each tick renders its user. */
export function useNow(clock: Clock, everyMs: number): UnixMs {
  const [now, setNow] = useState(clock.serverNow);
  useEffect(() => {
    const tick = () => setNow(clock.serverNow());
    tick();
    return onMultiples(everyMs, clock.serverNow, tick);
  }, [clock, everyMs]);
  return now;
}
