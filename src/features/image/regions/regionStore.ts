/** The regions on the image, the one that is worked on, and what lies inside of it, live while it moves. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { toAppError } from '../../../core/errors.ts';
import type { DetectorPixel } from '../../../core/frames.ts';
import type { RegionFrames } from '../../../core/regions/coordinateFrame.ts';
import { readDs9, type SkippedLine } from '../../../core/regions/ds9Read.ts';
import type { Handle } from '../../../core/regions/edit.ts';
import {
  copied,
  hit,
  insertVertex,
  movedBy,
  removeVertex,
  withHandleAt,
} from '../../../core/regions/edit.ts';
import { DEFAULT_COLOUR } from '../../../core/regions/palette.ts';
import type { Region, Shape } from '../../../core/regions/region.ts';
import { shapeProblem } from '../../../core/regions/region.ts';
import type { RegionAnswer, RegionUnit } from '../../../workers/image/contract.ts';
import type { ImageStore } from '../imageState.ts';
import type { PaneTools } from '../PanePointer.tsx';

export const TOOLS = ['point', 'line', 'circle', 'ellipse', 'box', 'polygon', 'annulus'] as const;
export type Tool = (typeof TOOLS)[number];

export interface RegionState {
  readonly regions: readonly Region[];
  readonly selected: string | null;
  /** The next press draws it; null moves what is there. */
  readonly tool: Tool | null;
  /** Of what is measured; null: as the image has it. */
  readonly unit: RegionUnit | null;
  /** Of the selected region on the image that is shown. */
  readonly answer: RegionAnswer | null;
  readonly problem: string | null;
  /** Lines of the last region file that were not read. */
  readonly skipped: readonly SkippedLine[];
}

export interface RegionStore extends StoreApi<RegionState> {
  readonly tools: PaneTools;
  /** To give a tool up in the middle of a drawing leaves nothing of it. */
  setTool(tool: Tool | null): void;
  /** Without a drag, in a size that can be taken hold of. */
  drawAt(tool: Tool, at: DetectorPixel): void;
  /** In the place of the one that it is a change of. */
  put(region: Region): void;
  setUnit(unit: RegionUnit): void;
  select(id: string | null): void;
  remove(id: string): void;
  clear(): void;
  copy(id: string): void;
  set(regions: readonly Region[]): void;
  readFile(text: string, frames: RegionFrames): void;
}

/** What a press without a drag draws, in detector pixels. */
const FIRST_SIZE_PX = 20;
/** Where a copy lies beside its original. */
const COPY_OFFSET_PX = 15;

interface Drag {
  readonly id: string;
  readonly from: DetectorPixel;
  readonly before: Region;
  readonly how: Handle | 'edge' | 'inside' | 'new';
}

export function createRegionStore(image: ImageStore): RegionStore {
  const store = createStore<RegionState>(() => ({
    regions: [],
    selected: null,
    tool: null,
    unit: null,
    answer: null,
    problem: null,
    skipped: [],
  }));
  const { getState: get, setState: set } = store;
  const newId = () => crypto.randomUUID();
  let drag: Drag | null = null;
  let asking = false;

  /** One question at a time, and the last shape wins. */
  const measure = async () => {
    if (asking) return;
    asking = true;
    try {
      for (;;) {
        const region = selectedRegion(get());
        const { unit } = get();
        const { shownAs } = image.getState();
        try {
          const answer = region ? await image.region(region, unit) : null;
          set({ answer, problem: null });
        } catch (thrown) {
          set({ answer: null, problem: toAppError(thrown).message });
        }
        const same = selectedRegion(get()) === region && get().unit === unit;
        if (same && image.getState().shownAs === shownAs) return;
      }
    } finally {
      asking = false;
    }
  };

  const change = (part: Partial<RegionState>) => {
    set(part);
    void measure();
  };

  const put = (region: Region) =>
    change({
      regions: get().regions.map((each) => (each.id === region.id ? region : each)),
      selected: region.id,
    });

  const add = (tool: Tool, at: DetectorPixel): Region => {
    const region: Region = { ...drawn(tool, at, at), id: newId(), label: '', colour: DEFAULT_COLOUR };
    change({ regions: [...get().regions, region], selected: region.id });
    return region;
  };

  const removeOne = (id: string) => {
    const { regions, selected } = get();
    change({
      regions: regions.filter((each) => each.id !== id),
      selected: selected === id ? null : selected,
    });
  };

  image.subscribe((state, before) => {
    if (state.shownAs !== before.shownAs && get().selected !== null) void measure();
  });

  const tools: PaneTools = {
    press(at, tolerancePx) {
      const { tool, regions, selected } = get();
      if (tool) {
        const region = add(tool, at);
        drag = { id: region.id, from: at, before: region, how: 'new' };
        return true;
      }
      // The selected one first, then the one that was drawn last.
      const inOrder = regions
        .toReversed()
        .toSorted((a, b) => Number(b.id === selected) - Number(a.id === selected));
      for (const region of inOrder) {
        const how = hit(region, at, tolerancePx);
        if (!how) continue;
        drag = { id: region.id, from: at, before: region, how };
        change({ selected: region.id });
        return true;
      }
      if (selected !== null) change({ selected: null });
      return false;
    },
    move(at) {
      if (!drag) return;
      const { before, from, how, id } = drag;
      if (how === 'new') {
        const shape = drawn(before.kind, from, at);
        if (shapeProblem(shape) === undefined)
          put({ ...shape, id, label: before.label, colour: before.colour });
      } else if (how === 'edge' || how === 'inside') put(movedBy(before, at.x - from.x, at.y - from.y));
      else put(withHandleAt(before, how, at));
    },
    release() {
      if (drag?.how === 'new') set({ tool: null });
      drag = null;
    },
    doublePress(at, tolerancePx) {
      const polygon = selectedRegion(get());
      if (polygon?.kind !== 'polygon') return false;
      const how = hit(polygon, at, tolerancePx);
      const vertex = polygon.vertices.findIndex((_, i) => how === `vertex-${i}`);
      if (how === 'edge') put(insertVertex(polygon, at));
      else if (vertex >= 0) put(removeVertex(polygon, vertex));
      return how === 'edge' || vertex >= 0;
    },
    moveChosen(dxPx, dyPx) {
      const region = selectedRegion(get());
      if (region) put(movedBy(region, dxPx, dyPx));
      return region !== undefined;
    },
  };

  return {
    ...store,
    tools,
    setTool(tool) {
      if (tool === null && drag?.how === 'new') {
        removeOne(drag.id);
        drag = null;
      }
      set({ tool });
    },
    drawAt: (tool, at) => void add(tool, at),
    put,
    setUnit: (unit) => change({ unit }),
    select: (selected) => change({ selected }),
    remove: removeOne,
    clear: () => change({ regions: [], selected: null, skipped: [] }),
    copy(id) {
      const original = get().regions.find((each) => each.id === id);
      if (!original) return;
      const copy = movedBy(copied(original, newId()), COPY_OFFSET_PX, -COPY_OFFSET_PX);
      change({ regions: [...get().regions, copy], selected: copy.id });
    },
    set: (regions) => change({ regions, selected: null }),
    readFile(text, frames) {
      const read = readDs9(text, frames, newId);
      if ('problem' in read) set({ problem: read.problem });
      else change({ regions: [...get().regions, ...read.regions], skipped: read.skipped, problem: null });
    },
  };
}

export function selectedRegion({ regions, selected }: RegionState): Region | undefined {
  return regions.find(({ id }) => id === selected);
}

/** A shape from a press to where the pointer is now; from a press alone one of a size that can be taken hold of. */
function drawn(tool: Tool, from: DetectorPixel, to: DetectorPixel): Shape {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy) >= 1;
  const radiusPx = far ? Math.hypot(dx, dy) : FIRST_SIZE_PX;
  const [halfX, halfY] = far
    ? [Math.max(1, Math.abs(dx)), Math.max(1, Math.abs(dy))]
    : [FIRST_SIZE_PX, FIRST_SIZE_PX];
  switch (tool) {
    case 'point':
      return { kind: 'point', centre: to };
    case 'line':
      return { kind: 'line', from, to: far ? to : { x: from.x + 2 * FIRST_SIZE_PX, y: from.y }, widthPx: 1 };
    case 'circle':
      return { kind: 'circle', centre: from, radiusPx };
    case 'ellipse':
      return { kind: 'ellipse', centre: from, semiMajorPx: halfX, semiMinorPx: halfY, angleDeg: 0 };
    case 'box':
      return { kind: 'box', centre: from, widthPx: 2 * halfX, heightPx: 2 * halfY, angleDeg: 0 };
    case 'polygon':
      return {
        kind: 'polygon',
        vertices: [
          { x: from.x - halfX, y: from.y - halfY },
          { x: from.x + halfX, y: from.y - halfY },
          { x: from.x + halfX, y: from.y + halfY },
          { x: from.x - halfX, y: from.y + halfY },
        ],
      };
    case 'annulus':
      return { kind: 'annulus', centre: from, innerPx: radiusPx / 2, outerPx: radiusPx };
  }
}
