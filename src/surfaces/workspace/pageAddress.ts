/**
 * What the workspace's address carries beside the image's own state (viewState.ts): what lies on the image and beside it.
 *
 * | parameter | example                              | what                                                     |
 * | --------- | ------------------------------------ | -------------------------------------------------------- |
 * | `regions` | `c2036,2000,30;p1,2*red*star`        | see core/regions/addressText.ts; on every surface        |
 * | `compare` | `blink,prev,-dark,2026112200004`     | mode, then the others: the previous exposure alike, one without (or with) a step, one that stays |
 * | `lock`    | `sky`                                | what lies at the same place of the compared images       |
 * | `match`   | `0`                                  | compared images have limits of their own                 |
 * | `blink`   | `2`                                  | seconds for each image                                   |
 * | `efd`     | `1h`                                 | how much of the night the telemetry shows                |
 */
import { type Lock, LOCKS } from '../../core/camera/lock.ts';
import type { ExposureId } from '../../core/dataId.ts';
import { regionsText } from '../../core/regions/addressText.ts';
import type { Region } from '../../core/regions/region.ts';
import {
  BLINK_SECONDS,
  COMPARE_MODES,
  type CompareMode,
  type CompareState,
} from '../../features/image/compare/compareStore.ts';
import type { RangeName } from '../../features/telemetry/telemetryStore.ts';
import type { StepName } from '../../workers/image/contract.ts';
import { exposureIdOf } from '../address.ts';
import { regionsOfAddress } from '../regionsAddress.ts';
import { LONGEST_SEARCH, notKnown, STEPS } from '../viewState.ts';

export type OtherAsked =
  | { readonly kind: 'previous' }
  | { readonly kind: 'without'; readonly step: StepName }
  | { readonly kind: 'exposure'; readonly exposure: ExposureId };

export interface CompareAsked {
  readonly mode: CompareMode;
  readonly others: readonly OtherAsked[];
}

export interface PageState {
  readonly regions: readonly Region[];
  /** Null: nothing is compared. */
  readonly compare: CompareAsked | null;
  readonly lock: Lock;
  /** Compared images are drawn between one pair of limits. */
  readonly matched: boolean;
  readonly blinkSeconds: CompareState['blinkSeconds'];
  readonly range: RangeName;
}

export const FIRST_PAGE_STATE: PageState = {
  regions: [],
  compare: null,
  lock: 'pixel',
  matched: true,
  blinkSeconds: 0.5,
  range: '15 min',
};

const RANGES_IN_ADDRESS: Readonly<Record<string, RangeName>> = {
  '15m': '15 min',
  '1h': '1 h',
  night: 'night',
};
/** As many as can be compared with. */
const MOST_OTHERS = 8;

function parseOther(word: string): OtherAsked | undefined {
  if (word === 'prev') return { kind: 'previous' };
  const step = STEPS.find((each) => word === `-${each}`);
  if (step) return { kind: 'without', step };
  const exposure = exposureIdOf(word);
  return exposure === null ? undefined : { kind: 'exposure', exposure };
}

function otherText(other: OtherAsked): string {
  if (other.kind === 'previous') return 'prev';
  return other.kind === 'without' ? `-${other.step}` : String(other.exposure);
}

export function pageStateFromQuery(
  search: string,
  newId: () => string,
): { readonly state: PageState; readonly problems: readonly string[] } {
  // Said where the image's own state is read.
  if (search.length > LONGEST_SEARCH) return { state: FIRST_PAGE_STATE, problems: [] };
  const query = new URLSearchParams(search);
  const given = (name: string) => query.get(name) ?? '';
  const { regions, problems: regionProblems } = regionsOfAddress(given('regions'), newId);
  const problems = [...regionProblems];

  let compare: CompareAsked | null = null;
  if (given('compare') !== '') {
    const [first = '', ...words] = given('compare').split(',');
    const mode = COMPARE_MODES.find((each) => each === first);
    if (!mode) problems.push(notKnown('compare', first));
    const others = words.slice(0, MOST_OTHERS).flatMap((word) => {
      const other = parseOther(word);
      if (!other) problems.push(notKnown('compare', word));
      return other ? [other] : [];
    });
    if (mode && others.length > 0) compare = { mode, others };
  }

  const blinkSeconds = BLINK_SECONDS.find((seconds) => given('blink') === String(seconds));
  if (given('blink') !== '' && blinkSeconds === undefined) problems.push(notKnown('blink', given('blink')));
  const lock = LOCKS.find((each) => given('lock') === each);
  if (given('lock') !== '' && !lock) problems.push(notKnown('lock', given('lock')));
  const match = given('match');
  if (!['', '0', '1'].includes(match)) problems.push(notKnown('match', match));
  const efd = given('efd');
  const range = Object.hasOwn(RANGES_IN_ADDRESS, efd) ? RANGES_IN_ADDRESS[efd] : undefined;
  if (efd !== '' && !range) problems.push(notKnown('efd', efd));
  return {
    state: {
      regions,
      compare,
      lock: lock ?? FIRST_PAGE_STATE.lock,
      matched: match !== '0',
      blinkSeconds: blinkSeconds ?? FIRST_PAGE_STATE.blinkSeconds,
      range: range ?? FIRST_PAGE_STATE.range,
    },
    problems,
  };
}

/** Sets what is not as at first and takes the rest away. Regions come last: as many as the address has room for. */
export function writePageState(query: URLSearchParams, state: PageState): void {
  const { compare, lock, matched, blinkSeconds, range } = state;
  const set = (name: string, text: string) => {
    if (text === '') query.delete(name);
    else query.set(name, text);
  };
  set('compare', compare ? [compare.mode, ...compare.others.map(otherText)].join(',') : '');
  set('lock', lock === FIRST_PAGE_STATE.lock ? '' : lock);
  set('match', matched ? '' : '0');
  set('blink', blinkSeconds === FIRST_PAGE_STATE.blinkSeconds ? '' : String(blinkSeconds));
  const efd = Object.keys(RANGES_IN_ADDRESS).find((name) => RANGES_IN_ADDRESS[name] === range) ?? '';
  set('efd', range === FIRST_PAGE_STATE.range ? '' : efd);
  query.delete('regions');
  // In an address commas and semicolons take three characters each.
  const room = LONGEST_SEARCH - `?${query}&regions=`.length;
  set('regions', regionsText(state.regions, Math.floor(room / 3)));
}

/** What the store says, in the address's words. */
export function comparedNow({ mode, others }: CompareState): CompareAsked | null {
  if (others.length === 0) return null;
  const asked = others.map(({ what }): OtherAsked =>
    what.kind === 'exposure' ? { kind: 'exposure', exposure: what.exposure.exposure } : what,
  );
  return { mode, others: asked };
}
