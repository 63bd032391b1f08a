/** What the pointer and the keys do on an image: wheel zoom about the pointer, drag pan, double click, contrast, tools. */
import { useEffect } from 'react';
import type { DevicePoint, ScreenStep } from '../../core/camera/view.ts';
import { detectorFromDevice } from '../../core/camera/view.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { arrowOf, moveChosen, moveCrosshair, panByArrow } from './arrowKeys.ts';
import type { ImageStore } from './imageState.ts';
import { pressAfterTyping } from './paneTools.ts';

/** Places are detector pixels; the tolerance is what a hand can point at on this screen, in the same. */
export interface PaneTools {
  /** True when the press is taken: then the moves and the release follow, and the image stays where it is. */
  press(at: DetectorPixel, tolerancePx: number): boolean;
  move(at: DetectorPixel): void;
  release(at: DetectorPixel): void;
  /** True when a double press means something there. */
  doublePress?(at: DetectorPixel, tolerancePx: number): boolean;
  /** Moves what is chosen by so many detector pixels; false when nothing is. */
  moveChosen?(dxPx: number, dyPx: number): boolean;
}

const ZOOM_STEP = 1.5;
/** CSS pixels within which a press means what it is near to. */
const HAND_PX = 6;
/** At the lower edge of the pane; its inverse at the upper one. */
const MOST_CONTRAST = 10;
/** Digits belong to a number that is being typed, until it was left alone for this long. */
const TYPING_MS = 3000;

interface PanePointerProps {
  readonly controls: ImageStore;
  readonly brightness: ImageStore;
  readonly canvas: React.RefObject<HTMLCanvasElement | null>;
  readonly tools?: PaneTools;
}

export default function PanePointer({ controls, brightness, canvas, tools }: PanePointerProps) {
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const ending = new AbortController();
    const { signal } = ending;
    const place = (event: MouseEvent): DevicePoint => {
      const rect = element.getBoundingClientRect();
      return {
        x: (event.clientX - rect.left) * devicePixelRatio,
        y: (event.clientY - rect.top) * devicePixelRatio,
      };
    };
    let dragged: DevicePoint | null = null;
    let contrasting = false;
    let tooling = false;
    const detectorAt = (at: DevicePoint): DetectorPixel | undefined => {
      const { drawn } = controls.getState();
      return drawn ? detectorFromDevice(at, drawn.view, drawn.pane) : undefined;
    };
    const tolerancePx = () =>
      (HAND_PX * devicePixelRatio) / (controls.getState().drawn?.view.devicePixelsPerPixel ?? 1);
    /** What the arrows move: the crosshair, or what is chosen, or with shift the view; false: none of them. */
    const moveByArrow = (step: ScreenStep, shift: boolean): boolean => {
      if (moveCrosshair(controls, step, shift) || moveChosen(controls, tools, step, shift)) return true;
      if (shift) panByArrow(controls, step);
      return shift;
    };
    /** As in DS9: across is the bias, up and down the contrast. */
    const setContrast = (at: DevicePoint) => {
      const rect = element.getBoundingClientRect();
      const bias = at.x / (rect.width * devicePixelRatio);
      const up = 1 - at.y / (rect.height * devicePixelRatio);
      brightness.setContrast({
        bias: Math.min(1, Math.max(0, bias)),
        contrast: MOST_CONTRAST ** (1 - 2 * up),
      });
    };
    let lastDigit = Number.NEGATIVE_INFINITY;
    element.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        controls.zoomBy(Math.exp(-event.deltaY * lines * 0.0015), place(event));
      },
      // React's own wheel handlers are passive and could not keep the page from scrolling.
      { passive: false, signal },
    );
    element.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button !== 0 && event.button !== 2) return;
        element.setPointerCapture(event.pointerId);
        const at = detectorAt(place(event));
        const focused = document.activeElement as HTMLElement | null;
        if (event.button === 2) contrasting = true;
        else if (at && pressAfterTyping(tools, at, tolerancePx(), focused)) tooling = true;
        else dragged = place(event);
      },
      { signal },
    );
    element.addEventListener(
      'pointermove',
      (event) => {
        const at = place(event);
        if (contrasting) setContrast(at);
        const under = tooling ? detectorAt(at) : undefined;
        if (under) tools?.move(under);
        if (dragged) controls.panBy(at.x - dragged.x, at.y - dragged.y);
        if (dragged) dragged = at;
      },
      { signal },
    );
    // A move waits for the next frame; secure pages can hear of it before, and the readout is there that much sooner.
    const told = 'onpointerrawupdate' in element ? 'pointerrawupdate' : 'pointermove';
    element.addEventListener(told, (event) => controls.pointAt(place(event as PointerEvent)), { signal });
    const drop = (event: PointerEvent) => {
      const at = tooling ? detectorAt(place(event)) : undefined;
      if (at) tools?.release(at);
      tooling = false;
      dragged = null;
      contrasting = false;
    };
    element.addEventListener('pointerup', drop, { signal });
    element.addEventListener('pointercancel', drop, { signal });
    element.addEventListener('pointerleave', () => controls.pointAt(null), { signal });
    element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    element.addEventListener(
      'dblclick',
      (event) => {
        const at = detectorAt(place(event));
        if (!at || !tools?.doublePress?.(at, tolerancePx())) controls.fit();
      },
      { signal },
    );
    element.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (/^[1-9]$/.test(event.key)) lastDigit = event.timeStamp;
        const typing = event.timeStamp - lastDigit < TYPING_MS;
        const arrow = arrowOf(event.key);
        if (arrow) {
          if (!moveByArrow(arrow, event.shiftKey)) return;
        } else if (event.key === '+' || event.key === '=') controls.zoomBy(ZOOM_STEP);
        else if (event.key === '-') controls.zoomBy(1 / ZOOM_STEP);
        else if (event.key === '0' && !typing) controls.fit();
        else return;
        event.preventDefault();
      },
      { signal },
    );
    return () => ending.abort();
  }, [controls, brightness, canvas, tools]);
  return null;
}
