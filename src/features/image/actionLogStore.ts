/** Remembers what was done with the images, for as long as the page is open. */
import type { Exposure } from '../../core/dataId.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';
import type { Action, ShownAction } from './actionLog.ts';
import type { CompareStore } from './compare/compareStore.ts';
import type { ImageStore } from './imageState.ts';
import { selectedRegion, type RegionStore } from './regions/regionStore.ts';

/** The oldest are forgotten: a page that follows live shows hundreds of exposures a night. */
const MOST_ACTIONS = 200;

export interface ActionLog {
  actions(): readonly Action[];
  /** A measurement that no store keeps. One that follows the pointer is one action, where it was left. */
  note(action: Extract<Action, { kind: 'cross' | 'health' }>): void;
  /** One runnable cell. */
  python(): Promise<string>;
}

export function createActionLog(image: ImageStore, regions: RegionStore, compare: CompareStore): ActionLog {
  let actions: readonly Action[] = [];
  const add = (action: Action) => {
    actions = newest([...actions, action]);
  };
  const instead = (of: (last: Action) => boolean) => {
    const last = actions.at(-1);
    if (last && of(last)) actions = actions.slice(0, -1);
  };
  image.subscribe((state, before) => {
    const { shownAs, shown, examined } = state;
    // Nothing is reduced where the overscan is shown, and only the raw itself is measured.
    if (shownAs && shown && shownAs !== before.shownAs && !shownAs.untrimmed) {
      // What was only passed by, without a measurement, is not worth its lines.
      instead(({ kind }) => kind === 'shown');
      add(shownAction(shown, shownAs));
    }
    const [latest] = examined;
    if (latest?.star && latest.camera && latest !== before.examined[0]) {
      const { star, camera } = latest;
      add({ kind: 'examined', x: star.x, y: star.y, camera });
    }
  });
  regions.subscribe((state, before) => {
    const region = selectedRegion(state);
    if (!region || !state.answer || state.answer === before.answer) return;
    // A region that is dragged is one action, where it was left.
    instead((last) => last.kind === 'region' && last.region.id === region.id);
    const { unit } = state.answer;
    const converted = unit !== 'ratio' && unit !== image.getState().shownAs?.unit;
    add({ kind: 'region', region, ...(converted && { convertedTo: unit }) });
  });
  compare.subscribe(({ combinedOf }, before) => {
    if (!combinedOf || combinedOf === before.combinedOf) return;
    const { how, of, by } = combinedOf;
    // The page has gone on: Python's `result` is another one, and so will the difference be.
    if (of !== image.getState().shownAs) return;
    // Another reduction of the same two takes the place of the one before.
    instead(
      (last) =>
        last.kind === 'combined' && last.how === how && last.by.exposure.exposure === by.shown.exposure,
    );
    add({ kind: 'combined', how, by: shownAction(by.shown, by.shownAs) });
  });
  return {
    actions: () => actions,
    note(action) {
      instead(
        (last) =>
          last.kind === action.kind &&
          (last.kind !== 'health' ||
            (action.kind === 'health' && last.exposure.exposure === action.exposure.exposure)),
      );
      add(action);
    },
    async python() {
      const { pythonOf } = await import('./actionLog.ts');
      return pythonOf(actions);
    },
  };
}

function shownAction(exposure: Exposure, { isr: { recipe, overscan }, steps }: OpenedImage): ShownAction {
  return { kind: 'shown', exposure, recipe, overscan, steps };
}

/** As many as are remembered; the image that the first of them was measured on stays before them. */
function newest(actions: readonly Action[]): readonly Action[] {
  if (actions.length <= MOST_ACTIONS) return actions;
  const kept = actions.slice(-MOST_ACTIONS);
  if (kept[0]?.kind === 'shown') return kept;
  const image = actions.slice(0, -MOST_ACTIONS + 1).findLast(({ kind }) => kind === 'shown');
  return image ? [image, ...kept.slice(1)] : kept;
}
