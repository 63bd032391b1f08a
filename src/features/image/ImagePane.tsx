/** The image on the screen: one canvas that receives finished bitmaps, with what went wrong in front of it. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { DevicePoint } from '../../core/camera/view.ts';
import { detectorFromDevice } from '../../core/camera/view.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { exposureLabel } from '../../core/dataId.ts';
import { unixMsFromTai } from '../../core/time.ts';
import { formatAge } from '../../core/units.ts';
import { FramePump } from './framePump.ts';
import { ImageOverlay } from './ImageOverlay.tsx';
import './image.css';
import type { ImageState, ImageStore } from './imageState.ts';

export interface ImagePaneProps {
  readonly store: ImageStore;
  /** Looked at only: no pointer, no keys (kiosk, small panels). */
  readonly compact?: boolean;
  /** Whose view the pointer moves, where that is not this image's own; both lie alike in panes of one size. */
  readonly controls?: ImageStore;
  readonly testId?: string;
  /** Takes the pointer where it wants it: shapes that are drawn, moved and turned. */
  readonly tools?: PaneTools;
  readonly children?: React.ReactNode;
}

/** Places are detector pixels; the tolerance is what a hand can point at on this screen, in the same. */
export interface PaneTools {
  /** True when the press is taken: then the moves and the release follow, and the image stays where it is. */
  press(at: DetectorPixel, tolerancePx: number): boolean;
  move(at: DetectorPixel): void;
  release(at: DetectorPixel): void;
}

// Behind the first picture: it is loaded when there is something to say.
const ViewNote = lazy(() => import('./ViewNote.tsx'));

const ZOOM_STEP = 1.5;
/** CSS pixels within which a press means what it is near to. */
const HAND_PX = 6;
/** At the lower edge of the pane; its inverse at the upper one. */
const MOST_CONTRAST = 10;
/** Digits belong to a number that is being typed, until it was left alone for this long. */
const TYPING_MS = 3000;

export function ImagePane({
  store,
  compact = false,
  controls = store,
  testId = 'image-pane',
  tools,
  children,
}: ImagePaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const status = useStore(store, (s) => s.status);
  const shown = useStore(store, (s) => s.shown);
  const wanted = useStore(store, (s) => s.wanted);
  const reducing = useStore(store, (s) => s.reducing);
  const preview = useStore(store, (s) => s.shownAs?.preview);
  const altered = useStore(store, (s) => s.display.smoothSigmaPx > 0 || s.display.bin > 1);
  usePump(store, canvas);
  usePointer(controls, canvas, !compact, tools);
  const label = shown ? `Image of exposure ${exposureLabel(shown)}` : 'Image';
  return (
    <section
      className={compact ? 'image-pane image-pane-compact' : 'image-pane'}
      data-testid={testId}
      data-state={status}
      data-exposure={shown?.exposure ?? ''}
      data-wanted={wanted?.exposure ?? ''}
      data-reducing={reducing}
      data-preview={preview ? `${preview.binPx} ${preview.share}` : undefined}
      aria-label={label}
      aria-busy={status === 'loading'}
    >
      <canvas
        ref={canvas}
        className="image-canvas"
        role="img"
        aria-label={label}
        tabIndex={compact ? -1 : 0}
      />
      <ImageOverlay store={store} />
      {children}
      <Suspense>{altered && <ViewNote store={store} />}</Suspense>
      <Progress store={store} />
      <Trouble store={store} compact={compact} />
    </section>
  );
}

function usePump(store: ImageStore, canvas: React.RefObject<HTMLCanvasElement | null>): void {
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('bitmaprenderer');
    if (!element || !context) return;
    const size = () => {
      const { width, height } = element.getBoundingClientRect();
      return { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
    };
    const pump = new FramePump(store, {
      size,
      present(bitmap) {
        element.width = bitmap.width;
        element.height = bitmap.height;
        context.transferFromImageBitmap(bitmap);
      },
      afterPaint(callback) {
        requestAnimationFrame(() =>
          requestAnimationFrame(() => callback(performance.timeOrigin + performance.now())),
        );
      },
    });
    const resized = new ResizeObserver(() => pump.request());
    resized.observe(element);
    return () => {
      resized.disconnect();
      pump.dispose();
    };
  }, [store, canvas]);
}

/** Wheel zoom about the pointer, drag pan, double click and keys. */
function usePointer(
  controls: ImageStore,
  canvas: React.RefObject<HTMLCanvasElement | null>,
  active: boolean,
  tools?: PaneTools,
): void {
  useEffect(() => {
    const element = canvas.current;
    if (!element || !active) return;
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
    /** As in DS9: across is the bias, up and down the contrast. */
    const setContrast = (at: DevicePoint) => {
      const rect = element.getBoundingClientRect();
      const bias = at.x / (rect.width * devicePixelRatio);
      const up = 1 - at.y / (rect.height * devicePixelRatio);
      controls.setContrast({ bias: Math.min(1, Math.max(0, bias)), contrast: MOST_CONTRAST ** (1 - 2 * up) });
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
        const scale = controls.getState().drawn?.view.devicePixelsPerPixel ?? 1;
        if (event.button === 2) contrasting = true;
        else if (at && tools?.press(at, (HAND_PX * devicePixelRatio) / scale)) tooling = true;
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
    element.addEventListener('dblclick', () => controls.fit(), { signal });
    element.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (/^[1-9]$/.test(event.key)) lastDigit = event.timeStamp;
        const typing = event.timeStamp - lastDigit < TYPING_MS;
        if (event.key === '+' || event.key === '=') controls.zoomBy(ZOOM_STEP);
        else if (event.key === '-') controls.zoomBy(1 / ZOOM_STEP);
        else if (event.key === '0' && !typing) controls.fit();
        else return;
        event.preventDefault();
      },
      { signal },
    );
    return () => ending.abort();
  }, [controls, canvas, active, tools]);
}

/** A thin line at the upper edge; it takes no room, so that nothing moves. */
function Progress({ store }: { readonly store: ImageStore }) {
  const fraction = useStore(store, progressFraction);
  if (fraction === null) return null;
  return (
    <div
      className="image-progress"
      role="progressbar"
      aria-label="Loading"
      aria-valuenow={Math.round(fraction * 100)}
    >
      <div className="image-progress-bar" style={{ transform: `scaleX(${fraction})` }} />
    </div>
  );
}

/** Fetching and decoding overlap; together they are nine tenths of the way. */
function progressFraction({ status, progress }: ImageState): number | null {
  if (status !== 'loading') return null;
  if (!progress) return 0;
  if (progress.stage === 'fetching') {
    return progress.totalBytes ? Math.min(0.9, (0.9 * progress.bytes) / progress.totalBytes) : 0;
  }
  return progress.stage === 'decoding' ? 0.9 * progress.fraction : 0.9;
}

/** What is wrong with the wanted exposure, and how old the one on the screen is. */
function Trouble({ store, compact }: { readonly store: ImageStore; readonly compact: boolean }) {
  const status = useStore(store, (s) => s.status);
  const error = useStore(store, (s) => s.error);
  const wanted = useStore(store, (s) => s.wanted);
  const shown = useStore(store, (s) => s.shown);
  if ((status !== 'failed' && status !== 'stale') || !error || !wanted) return null;
  const copyDetails = () => {
    const details = { ...error.toWire(), exposure: wanted.obsId, at: new Date().toISOString() };
    void navigator.clipboard?.writeText(JSON.stringify(details, null, 2)).catch(() => undefined);
  };
  return (
    <div className="image-trouble" role="alert">
      <p>
        <strong>{exposureLabel(wanted)} cannot be shown.</strong> {sentence(error.message)}
      </p>
      {shown && shown.exposure !== wanted.exposure && (
        <p className="image-trouble-shown">
          Showing {exposureLabel(shown)}, taken <Age store={store} /> ago.
        </p>
      )}
      {!compact && (
        <p className="image-trouble-actions">
          <button type="button" className="image-button" onClick={() => store.retry()}>
            Try again
          </button>
          <button type="button" className="image-button" onClick={copyDetails}>
            Copy details
          </button>
        </p>
      )}
    </div>
  );
}

/** Reasons from the engine are fragments. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function Age({ store }: { readonly store: ImageStore }) {
  const shown = useStore(store, (s) => s.shown);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!shown) return null;
  return formatAge((now - unixMsFromTai(shown.shutterCloseTai)) / 1000);
}
