/**
 * Reloads a screen on which nothing was painted for long although exposures came. A page that lives for weeks can lose
 * its graphics context or its worker in ways that nobody foresaw. Each reload waits twice as long as the one before it.
 */
import type { ErrorTag } from '../../core/errors.ts';

export interface WatchdogFacts {
  readonly now: number;
  /** When something was last painted, or the page was loaded. */
  readonly paintedAt: number;
  /** When the page learned of the newest exposure that is not on the screen; null when the newest is. */
  readonly waitingSince: number | null;
  /** What the page says about that exposure; null while it is loading. */
  readonly error: ErrorTag | null;
}

export interface ReloadHistory {
  readonly count: number;
  readonly lastAt: number;
}

export const NO_RELOADS: ReloadHistory = { count: 0, lastAt: 0 };

const PATIENCE_MS = 2 * 60_000;
const LONGEST_PAUSE_MS = 2 * 3_600_000;
/** So long without a reload, and the next one is a first one again. Longer than any pause, or the pauses never grew. */
const FORGET_MS = 3 * LONGEST_PAUSE_MS;

/**
 * What a new page could mend: after a fault a browser may refuse WebGL2 to a page, though not to the next one. A bad file or
 * a server that is down stays as it is.
 */
const MENDABLE: ReadonlySet<ErrorTag> = new Set<ErrorTag>(['WasmFailed', 'UnsupportedBrowser', 'Bug']);

export function mustReload(facts: WatchdogFacts, history: ReloadHistory): boolean {
  const { now, paintedAt, waitingSince, error } = facts;
  if (waitingSince === null || (error !== null && !MENDABLE.has(error))) return false;
  if (now - Math.max(paintedAt, waitingSince) < PATIENCE_MS) return false;
  const pause = history.count === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, PATIENCE_MS * 2 ** history.count);
  return now - history.lastAt >= pause;
}

export function afterReload(history: ReloadHistory, now: number): ReloadHistory {
  return { count: now - history.lastAt > FORGET_MS ? 1 : history.count + 1, lastAt: now };
}

const KEY = 'summit-notebook.kiosk-reloads';

/** Kept per tab: it ends with the window, and nothing else of a kiosk is kept. */
export function readHistory(storage: Pick<Storage, 'getItem'>): ReloadHistory {
  try {
    const parsed = JSON.parse(storage.getItem(KEY) ?? 'null') as Partial<ReloadHistory> | null;
    const { count, lastAt } = parsed ?? {};
    return typeof count === 'number' && typeof lastAt === 'number' ? { count, lastAt } : NO_RELOADS;
  } catch {
    return NO_RELOADS;
  }
}

/** False where the count cannot be kept: then there is no reload either, since it could become a loop. */
export function writeHistory(storage: Pick<Storage, 'setItem'>, history: ReloadHistory): boolean {
  try {
    storage.setItem(KEY, JSON.stringify(history));
    return true;
  } catch {
    return false;
  }
}
