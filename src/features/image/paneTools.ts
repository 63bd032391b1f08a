/** Several tools on one image: who takes the press has the pointer until it is released. */
import type { DetectorPixel } from '../../core/frames.ts';
import type { PaneTools } from './PanePointer.tsx';

/** Asked in the order that `inOrder` gives at each press. */
export function paneTools(inOrder: () => readonly PaneTools[]): PaneTools {
  let holder: PaneTools | undefined;
  return {
    press(at, tolerancePx) {
      holder = inOrder().find((tools) => tools.press(at, tolerancePx));
      return holder !== undefined;
    },
    move: (at) => holder?.move(at),
    release(at) {
      holder?.release(at);
      holder = undefined;
    },
    doublePress: (at, tolerancePx) =>
      inOrder().some((tools) => tools.doublePress?.(at, tolerancePx) ?? false),
    moveChosen: (dxPx, dyPx) => inOrder().some((tools) => tools.moveChosen?.(dxPx, dyPx) ?? false),
  };
}

/**
 * A press on the image, after what is being typed in a field was taken: the press may choose something else, and the
 * field is gone before the browser has left it.
 */
export function pressAfterTyping(
  tools: PaneTools | undefined,
  at: DetectorPixel,
  tolerancePx: number,
  focused: { matches(selector: string): boolean; blur(): void } | null,
): boolean {
  if (focused?.matches('input')) focused.blur();
  return tools?.press(at, tolerancePx) ?? false;
}
