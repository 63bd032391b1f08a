/**
 * How the page that embeds the panel speaks to it: the verbs of `window.summitNotebook` by `postMessage`.
 *
 * Asked:    `{"summitNotebook": 1, "id": 7, "verb": "open", "args": [{"exposure": 2026112200143}]}`
 * Answered: `{"summitNotebook": 1, "id": 7, "result": ...}` or `{"summitNotebook": 1, "id": 7, "error": {tag, message, detail}}`
 * Ready:    `{"summitNotebook": 1, "event": "ready"}`
 * Events:   `{"summitNotebook": 1, "event": "painted", "detail": {...}}`, after `on` with that event's name
 *
 * Only the parent window is heard, and only from an origin that the site lists. Answers name that origin as their target.
 * Everything else is passed over without an answer: a stranger learns nothing, not even that it was refused.
 */
import { AppError, toAppError } from '../../core/errors.ts';
import type { StretchSettings, ViewSettings } from '../imageVerbs.ts';
import type { PublicApi, PublicDataId } from '../publicApi.ts';

export const PROTOCOL = 1;
const VERBS = ['open', 'setStretch', 'setView', 'valueAt', 'measure', 'getState', 'ledger', 'on'] as const;
const EVENTS = ['exposure', 'painted', 'error'] as const;
type Verb = (typeof VERBS)[number];

/** What is used of a window; of the parent `postMessage` alone may be touched across origins. */
export interface HostMessagesParts {
  readonly self: Pick<Window, 'addEventListener'>;
  readonly parent: Pick<Window, 'postMessage'>;
  readonly origins: readonly string[];
  readonly api: Pick<PublicApi, Verb>;
}

interface Question {
  readonly id: number | string;
  readonly verb: string;
  readonly args: readonly unknown[];
}

export function answerHost({ self, parent, origins, api }: HostMessagesParts, signal: AbortSignal): void {
  /** Subscribing twice tells once. */
  const heard = new Set<string>();
  self.addEventListener(
    'message',
    (event) => {
      if (event.source !== parent || !origins.includes(event.origin)) return;
      const question = questionOf(event.data);
      if (!question) return;
      const post = (message: object) =>
        parent.postMessage({ summitNotebook: PROTOCOL, ...message }, event.origin);
      const perform = question.verb === 'on' ? subscribed(api, post, heard) : undefined;
      void answer(api, question, perform).then((reply) => post({ id: question.id, ...reply }));
    },
    { signal },
  );
  // Which of them embeds the panel is not known; the browser delivers to the one that does and drops the rest.
  for (const origin of origins) parent.postMessage({ summitNotebook: PROTOCOL, event: 'ready' }, origin);
}

function questionOf(data: unknown): Question | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { summitNotebook, id, verb, args = [] } = data as Record<string, unknown>;
  if (summitNotebook !== PROTOCOL || typeof verb !== 'string' || !Array.isArray(args)) return undefined;
  return typeof id === 'number' || typeof id === 'string' ? { id, verb, args } : undefined;
}

/** What `on` does for the page at that origin, which gets the events as long as the panel lives. */
function subscribed(api: HostMessagesParts['api'], post: (message: object) => void, heard: Set<string>) {
  return (args: readonly unknown[]) => {
    const event = EVENTS.find((name) => name === args[0]);
    if (!event) throw new AppError('NotFound', `There is no such event. Known are ${EVENTS.join(', ')}.`);
    if (!heard.has(event)) api.on(event, (detail) => post({ event, detail }));
    heard.add(event);
    return null;
  };
}

async function answer(
  api: HostMessagesParts['api'],
  { verb, args }: Question,
  special?: (args: readonly unknown[]) => unknown,
) {
  try {
    return { result: (special ? special(args) : await perform(api, verb, args)) ?? null };
  } catch (thrown) {
    return { error: toAppError(thrown).toWire() };
  }
}

async function perform(
  api: HostMessagesParts['api'],
  verb: string,
  args: readonly unknown[],
): Promise<unknown> {
  switch (verb) {
    case 'getState':
      return api.getState();
    case 'ledger':
      return api.ledger();
    case 'valueAt':
    case 'measure': {
      const [x, y] = args;
      if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x + y)) {
        throw new AppError('NotFound', `${verb} takes two finite numbers: x and y of a detector pixel.`);
      }
      return api[verb](x, y);
    }
    // Both check their argument, which comes from anywhere.
    case 'setStretch':
      return api.setStretch(args[0] as StretchSettings);
    case 'setView':
      return api.setView(args[0] as ViewSettings);
    case 'open':
      await api.open(dataIdOf(args[0]));
      return null;
    default:
      throw new AppError('NotFound', `There is no verb ${verb}. Known are ${VERBS.join(', ')}.`);
  }
}

function dataIdOf(value: unknown): PublicDataId {
  const id = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { exposure, day_obs, seq_num } = id;
  if (Number.isSafeInteger(exposure)) return { exposure: exposure as number };
  if (Number.isSafeInteger(day_obs) && Number.isSafeInteger(seq_num)) {
    return { day_obs: day_obs as number, seq_num: seq_num as number };
  }
  throw new AppError('NotFound', 'open takes {"exposure": ID} or {"day_obs": YYYYMMDD, "seq_num": N}.');
}
