/** What the pane shows now, each with its name: what a saved picture is made of. */
import { exposureLabel } from '../../../core/dataId.ts';
import type { ShownPicture } from '../exportPng.ts';
import type { ImageStore } from '../imageState.ts';
import { otherLabel, type CompareState } from './compareStore.ts';

/** `root` holds the panes. */
export function shownPictures(
  root: ParentNode,
  main: ImageStore,
  { others, mode, combined, combinedName, curtain }: CompareState,
): readonly ShownPicture[] {
  const panes = (testId: string) => [...root.querySelectorAll(`[data-testid="${testId}"]`)];
  const { shown } = main.getState();
  const all = [
    { pane: panes('image-pane')[0], image: main, name: shown ? exposureLabel(shown) : '' },
    ...panes('compare-pane').map((pane, i) => {
      const other = others[i];
      return {
        pane,
        image: other?.image,
        name: other ? otherLabel(other) : '',
        ...(mode === 'curtain' && { from: curtain }),
      };
    }),
    { pane: panes('combined-pane')[0], image: combined, name: combinedName },
  ];
  return all.flatMap(({ pane, image, ...more }) => {
    // A hidden one keeps its canvas.
    if (!pane || !image || getComputedStyle(pane).visibility === 'hidden') return [];
    const state = image.getState();
    const { shown: exposure, shownAs: opened } = state;
    return exposure && opened
      ? [{ ...more, pane, state: { ...state, shown: exposure, shownAs: opened } }]
      : [];
  });
}
