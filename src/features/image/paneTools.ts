/** Several tools on one image: who takes the press has the pointer until it is released. */
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
