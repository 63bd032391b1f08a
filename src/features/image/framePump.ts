/**
 * Keeps a pane's canvas showing what its store says. At most one frame is asked for at a time; changes that come
 * meanwhile make one more frame, of the newest state, so that a fast wheel never queues up work.
 */
import type { Size } from '../../core/camera/view.ts';
import type { ImageState, ImageStore } from './imageState.ts';

export interface FrameTarget {
  /** Device pixels. */
  size(): Size;
  /** Takes the bitmap over. */
  present(bitmap: ImageBitmap): void;
  /** Calls back in the second animation frame from now, with its time. */
  afterPaint(callback: (atUnixMs: number) => void): void;
}

/** What a frame is made of; any of these changing asks for a new one. */
const DRAWN_FROM = [
  'held',
  'view',
  'display',
  'overlays',
  'maskLooks',
] as const satisfies readonly (keyof ImageState)[];

export class FramePump {
  readonly #store: ImageStore;
  readonly #target: FrameTarget;
  readonly #unsubscribe: () => void;
  #busy = false;
  #again = false;
  #ended = false;
  #lastPresented: ImageState['held'] = null;

  constructor(store: ImageStore, target: FrameTarget) {
    this.#store = store;
    this.#target = target;
    this.#unsubscribe = store.subscribe((state, before) => {
      // 'loading' with the wanted image already held: shown again, its frame only has to be confirmed.
      const reshown =
        state.status === 'loading' &&
        state.wanted !== before.wanted &&
        state.held?.exposure.exposure === state.wanted?.exposure;
      const surveyed = state.survey !== before.survey && state.display.limits.rule === 'minmax';
      if (reshown || surveyed || DRAWN_FROM.some((key) => state[key] !== before[key])) this.request();
    });
    this.request();
  }

  /** A frame of the present state, soon. */
  request(): void {
    if (this.#ended) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    void this.#run();
  }

  dispose(): void {
    this.#ended = true;
    this.#unsubscribe();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      do {
        this.#again = false;
        await this.#frame();
      } while (this.#again && !this.#ended);
    } finally {
      this.#busy = false;
    }
  }

  async #frame(): Promise<void> {
    const pane = this.#target.size();
    const { held } = this.#store.getState();
    const frame = await this.#store.render(pane);
    if (!frame) return;
    if (this.#ended) {
      frame.bitmap.close();
      return;
    }
    this.#target.present(frame.bitmap);
    this.#store.presented(frame);
    if (held === this.#lastPresented) return;
    this.#lastPresented = held;
    this.#target.afterPaint((at) => this.#store.painted(frame.opened.exposure, at));
  }
}
