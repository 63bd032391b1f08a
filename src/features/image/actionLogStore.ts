/** Remembers what was done with the images, for as long as the page is open. */
import type { Action } from './actionLog.ts';
import { pythonOf } from './actionLog.ts';
import type { ImageStore } from './imageState.ts';
import { selectedRegion, type RegionStore } from './regions/regionStore.ts';

/** The oldest are forgotten: a page that follows live shows hundreds of exposures a night. */
const MOST_ACTIONS = 200;

export interface ActionLog {
  actions(): readonly Action[];
  python(): string;
}

export function createActionLog(image: ImageStore, regions: RegionStore): ActionLog {
  let actions: readonly Action[] = [];
  const add = (action: Action) => {
    actions = [...actions, action].slice(-MOST_ACTIONS);
  };
  image.subscribe((state, before) => {
    const { shownAs, shown, examined } = state;
    if (shownAs && shown && shownAs !== before.shownAs) {
      const { recipe, overscan } = shownAs.isr;
      const action: Action = { kind: 'shown', exposure: shown, recipe, overscan, steps: shownAs.steps };
      // What was only passed by, without a measurement, is not worth its lines.
      if (actions.at(-1)?.kind === 'shown') actions = actions.slice(0, -1);
      add(action);
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
    const last = actions.at(-1);
    if (last?.kind === 'region' && last.region.id === region.id) actions = actions.slice(0, -1);
    add({ kind: 'region', region });
  });
  return { actions: () => actions, python: () => pythonOf(actions) };
}
