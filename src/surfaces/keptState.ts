/**
 * What outlives a page, and where:
 *
 * | state               | workspace            | kiosk | panel        |
 * | ------------------- | -------------------- | ----- | ------------ |
 * | exposure opened     | url `?exposure=ID`   | url, see pinned.ts | url    |
 * | repository          | url                  | url   | url          |
 * | theme               | local                | url   | url          |
 * | sizes of the panes  | local                | –     | –            |
 * | columns of the table | local               | –     | –            |
 * | look of the image   | url, see viewState.ts | url  | url          |
 * | pixels or previews  | local                | –     | –            |
 * | ledgers of the night | session              | –     | –            |
 * | regions             | url, see regionsAddress.ts | url | url      |
 * | compared, EFD time  | url, see pageAddress.ts | –   | –           |
 * | alarm's sound       | none: off at a start | –     | –            |
 * | all else            | none                 | none  | none         |
 *
 * Local and session values carry a version; a value of another version is dropped, since none of these is worth a migration yet.
 */
export const THEMES = ['dark', 'light', 'night', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

type KeptKey = 'theme' | 'layout' | 'columns' | 'pixels' | 'latencies';

const PREFIX = 'summit-notebook.';
const VERSION = 1;

export function keep(key: KeptKey, value: unknown, storage: Storage = localStorage): void {
  try {
    storage.setItem(PREFIX + key, JSON.stringify({ version: VERSION, value }));
  } catch {
    // Full or forbidden storage costs the user a preference, nothing else.
  }
}

export function kept(key: KeptKey, storage?: Storage): unknown {
  try {
    const text = (storage ?? localStorage).getItem(PREFIX + key);
    const parsed = text === null ? null : (JSON.parse(text) as { version?: unknown; value?: unknown } | null);
    return parsed?.version === VERSION ? parsed.value : undefined;
  } catch {
    return undefined;
  }
}

export function isTheme(value: unknown): value is Theme {
  return (THEMES as readonly unknown[]).includes(value);
}
