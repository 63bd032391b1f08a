/** The image on the screen: one canvas that receives finished bitmaps, with what went wrong in front of it. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../core/dataId.ts';
import { unixMsFromTai } from '../../core/time.ts';
import { formatAge } from '../../core/units.ts';
import { FramePump } from './framePump.ts';
import { ImageOverlay } from './ImageOverlay.tsx';
import './image.css';
import { cannotDraw, type ImageState, type ImageStore } from './imageState.ts';
import type { PaneTools } from './PanePointer.tsx';

export interface ImagePaneProps {
  readonly store: ImageStore;
  /** Looked at only: no pointer, no keys (kiosk, small panels). */
  readonly compact?: boolean;
  /** Whose view the pointer moves, where that is not this image's own; both lie alike in panes of one size. */
  readonly controls?: ImageStore;
  /** Whose contrast a right drag changes, where that is not the same one's. */
  readonly brightness?: ImageStore;
  readonly testId?: string;
  /** Takes the pointer where it wants it: shapes that are drawn, moved and turned. */
  readonly tools?: PaneTools;
  readonly children?: React.ReactNode;
}

// Behind the first picture: it is loaded when there is something to say.
const ViewNote = lazy(() => import('./ViewNote.tsx'));
// Not where nobody can point.
const PanePointer = lazy(() => import('./PanePointer.tsx'));

export function ImagePane({
  store,
  compact = false,
  controls = store,
  brightness = controls,
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
  const altered = useStore(
    store,
    (s) => s.display.smoothSigmaPx > 0 || s.display.bin > 1 || s.shownAs?.untrimmed === true,
  );
  usePump(store, canvas);
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
      {!compact && (
        <Suspense>
          <PanePointer
            controls={controls}
            brightness={brightness}
            canvas={canvas}
            {...(tools && { tools })}
          />
        </Suspense>
      )}
      <ImageOverlay store={store} />
      {children}
      <Suspense>{altered && <ViewNote store={store} />}</Suspense>
      <Progress store={store} />
      {reducing && <div className="image-reducing" aria-hidden="true" />}
      <Trouble store={store} compact={compact} />
      <Unsupported store={store} compact={compact} />
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
        // To set them, be it to what they are, lays the whole page out anew.
        if (element.width !== bitmap.width) element.width = bitmap.width;
        if (element.height !== bitmap.height) element.height = bitmap.height;
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
  const saidInstead = useStore(store, cannotDraw);
  if ((status !== 'failed' && status !== 'stale') || !error || !wanted || saidInstead) return null;
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

/** In place of the image: no exposure can be shown, whichever is asked for. */
function Unsupported({ store, compact }: { readonly store: ImageStore; readonly compact: boolean }) {
  const error = useStore(store, (s) => (cannotDraw(s) ? s.error : null));
  if (!error) return null;
  return (
    <div className="image-unsupported" role="alert" data-testid="unsupported-browser">
      <p>
        <strong>Images cannot be shown.</strong>
      </p>
      <p>{error.message}</p>
      {!compact && (
        <button type="button" className="image-button" onClick={() => store.retry()}>
          Try again
        </button>
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
