/** Sentences for which there is one line: each stands there long enough to be read. */
import { useEffect, useState } from 'react';

const EACH_MS = 6_000;

/** Undefined after the last one, unless they come round again. */
export function useOneAfterAnother(
  sentences: readonly string[],
  round: 'once' | 'for ever',
): string | undefined {
  const [told, setTold] = useState(0);
  const now = sentences[round === 'once' ? told : told % sentences.length];
  useEffect(() => {
    if (now === undefined) return;
    const timer = setTimeout(() => setTold(told + 1), EACH_MS);
    return () => clearTimeout(timer);
  }, [now, told]);
  return now;
}
