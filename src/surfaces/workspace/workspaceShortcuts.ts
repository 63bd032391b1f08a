import { LOCKS } from '../../core/camera/lock.ts';
import { DM_ORIENTATION, type ScreenStep } from '../../core/camera/view.ts';
import { BINS } from '../../core/display/binning.ts';
import { COLOUR_MAPS } from '../../core/display/colourMapNames.ts';
import { northUp } from '../../core/sky/northUp.ts';
import { toAppError } from '../../core/errors.ts';
import { NO_CONTRAST, STRETCHES } from '../../core/display/stretch.ts';
import { arrowOf, moveCrosshair, panByArrow, toggleCrosshair } from '../../features/image/arrowKeys.ts';
import {
  COMPARE_MODES,
  type CompareStore,
  isCombination,
} from '../../features/image/compare/compareStore.ts';
import { seenImage } from '../../features/image/compare/seenImage.ts';
import { FIRST_ISR } from '../../features/image/displayState.ts';
import type { ImageStore } from '../../features/image/imageState.ts';
import { toggleOverscan } from '../../features/image/overscan.ts';
import { saveImage } from '../../features/image/saveImage.ts';
import { THEMES } from '../keptState.ts';
import type { ShortcutGroup } from './shortcuts.ts';
import type { Workspace } from './workspace.ts';

const ZOOM_STEP = 1.5;

export function workspaceShortcuts(workspace: Workspace): readonly ShortcutGroup[] {
  const { exposures, image, compare, regions, late, ui } = workspace;
  const withSelected = (act: (id: string) => void) => {
    const { selected } = regions.getState();
    if (selected !== null) act(selected);
  };
  /** What a difference or a ratio has not got is left alone there, since nothing of it would be seen. */
  const whileBeside = (act: () => void) => {
    const { others, mode } = compare.getState();
    if (others.length === 0) {
      workspace.notify('Nothing is compared: k puts the previous exposure beside this one.');
    } else if (isCombination(mode)) {
      workspace.notify(
        `A ${mode} has limits of its own and is made pixel by pixel: choose tile, blink or curtain first.`,
      );
    } else act();
  };
  const toggleSmoothing = smoothingToggle(image);
  /** Brightness is that of what is seen: a difference has its own. */
  const seen = () => seenImage(image, compare.getState());
  /** The crosshair keeps the arrows when its canvas has lost the focus: behind what is compared, or to a button. */
  const withArrow = (key: string, otherwise: (arrow: ScreenStep) => void) => {
    const fast = key.startsWith('Shift+');
    const arrow = arrowOf(key.replace('Shift+', ''));
    if (arrow && !moveCrosshair(image, arrow, fast)) otherwise(arrow);
  };
  return [
    {
      name: 'Exposures',
      shortcuts: [
        {
          keys: ['ArrowLeft', 'ArrowDown'],
          does: 'older exposure; pauses following',
          run: (key) => withArrow(key, () => exposures.step(-1)),
        },
        {
          keys: ['ArrowRight', 'ArrowUp'],
          does: 'newer exposure',
          run: (key) => withArrow(key, () => exposures.step(1)),
        },
        { keys: ['l', 'End'], does: 'back to live', run: () => exposures.follow() },
        { keys: ['p'], does: 'pause on this exposure', run: () => exposures.pause() },
        {
          keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
          does: 'type a number, Enter opens it: 143, or 20261122 143 of another night',
          run: (digit) => exposures.setGoTo(digit),
        },
        { keys: ['/'], does: 'filter the list', run: focusFilter },
        {
          keys: ['x'],
          does: 'table of all exposures: filter, sort, calendar, CSV',
          run: () => ui.setState({ table: true }),
        },
        {
          keys: ['y'],
          does: 'copy the data id and a butler.get line',
          run: () => void workspace.copyDataId(),
        },
        {
          keys: ['Y'],
          does: 'copy what was done as a cell of Python',
          run: () => void workspace.copyPython(),
        },
        { keys: ['a'], does: 'acknowledge the alarm', run: () => late.acknowledge() },
      ],
    },
    {
      name: 'Image',
      shortcuts: [
        {
          keys: ['+', '='],
          does: 'zoom in; the wheel zooms about the cursor',
          run: () => image.zoomBy(ZOOM_STEP),
        },
        { keys: ['-'], does: 'zoom out', run: () => image.zoomBy(1 / ZOOM_STEP) },
        { keys: ['0'], does: 'fit the pane', run: () => image.fit() },
        {
          keys: ['Shift+ArrowLeft', 'Shift+ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowDown'],
          does: 'pan; a drag pans, too',
          run: (key) => withArrow(key, (arrow) => panByArrow(image, arrow)),
        },
        { keys: ['o'], does: 'one detector pixel per screen pixel', run: () => image.zoomTo(1) },
        {
          keys: ['Z'],
          does: 'as at first: ISR, brightness, view and overlays; end of comparing',
          run: () => {
            compare.clear();
            image.reset();
          },
        },
        { keys: ['O'], does: 'four screen pixels per detector pixel', run: () => image.zoomTo(4) },
        { keys: [','], does: 'turn by 90° counter-clockwise', run: () => turn(image, 90) },
        { keys: ['.'], does: 'turn by 90° clockwise', run: () => turn(image, -90) },
        { keys: ['f'], does: 'mirror in x', run: () => mirror(image) },
        { keys: ['F'], does: 'Data Management orientation', run: () => image.orient(DM_ORIENTATION) },
        {
          keys: ['g'],
          does: 'amplifier borders and names',
          run: () => image.setOverlays({ amplifiers: !image.getState().overlays.amplifiers }),
        },
        {
          keys: ['n'],
          does: 'north up, east to the left; F back to the detector',
          run: () => {
            const sky = image.getState().shownAs?.sky;
            if (sky && sky.kind !== 'none') {
              image.orient(northUp(sky.plane));
              image.setOverlays({ compass: true });
            } else workspace.notify(sky?.reason ?? 'There is no image yet.');
          },
        },
        {
          keys: ['N'],
          does: 'compass and scale bar',
          run: () => image.setOverlays({ compass: !image.getState().overlays.compass }),
        },
        {
          keys: ['G'],
          does: 'lines of right ascension and declination',
          run: () => {
            const { shownAs, overlays } = image.getState();
            const sky = shownAs?.sky;
            if (overlays.skyGrid || (sky && sky.kind !== 'none')) {
              image.setOverlays({ skyGrid: !overlays.skyGrid });
            } else workspace.notify(sky?.reason ?? 'There is no image yet.');
          },
        },
        {
          keys: ['B'],
          does: 'boresight and sweet spot',
          run: () => image.setOverlays({ marks: !image.getState().overlays.marks }),
        },
        {
          keys: ['L'],
          does: 'the sources that are found in the image',
          run: () => image.setOverlays({ sources: !image.getState().overlays.sources }),
        },
        {
          keys: ['#'],
          does: 'lines between pixels, where they are large',
          run: () => image.setOverlays({ pixelGrid: !image.getState().overlays.pixelGrid }),
        },
        {
          keys: ['P'],
          does: 'the whole image in the corner when zoomed in',
          run: () => image.setOverlays({ panner: !image.getState().overlays.panner }),
        },
        {
          keys: ['u'],
          does: 'magnifier: the pixels about the pointer',
          run: () => image.setOverlays({ magnifier: !image.getState().overlays.magnifier }),
        },
        {
          keys: ['S'],
          does: 'smoothed view, and back; the view menu has its sigma',
          run: toggleSmoothing,
        },
        {
          keys: ['V'],
          does: 'next binning: 2, 4, 8, 16, automatic',
          run: () => image.setDisplay({ bin: next(BINS, image.getState().display.bin) }),
        },
        {
          keys: ['q'],
          does: 'mask planes',
          run: () => image.setOverlays({ mask: !image.getState().overlays.mask }),
        },
      ],
    },
    {
      name: 'Brightness',
      shortcuts: [
        { keys: ['z'], does: 'zscale limits', run: () => seen().setLimits({ rule: 'zscale' }) },
        {
          keys: ['m'],
          does: 'limits from minimum to maximum',
          run: () => seen().setLimits({ rule: 'minmax' }),
        },
        {
          keys: ['M'],
          does: 'limits of the central 99.5 %',
          run: () => seen().setLimits({ rule: 'percentile', percent: 99.5 }),
        },
        {
          keys: ['b'],
          does: 'each amplifier between its own limits',
          run: () => seen().togglePerAmplifier(),
        },
        {
          keys: ['s'],
          does: 'next stretch',
          run: () => seen().setStretch(next(STRETCHES, seen().getState().display.stretch)),
        },
        {
          keys: ['c'],
          does: 'next colour map',
          run: () => seen().setColourMap(next(COLOUR_MAPS, seen().getState().display.colourMap)),
        },
        {
          keys: ['T'],
          does: 'true pixels, where a preview is shown',
          run: () => {
            if (image.getState().shownAs?.preview) image.openFull();
          },
        },
        { keys: ['i'], does: 'invert', run: () => seen().toggleInvert() },
        {
          keys: ['C'],
          does: 'contrast and bias as they were; a right drag changes them as in DS9',
          run: () => seen().setContrast(NO_CONTRAST),
        },
      ],
    },
    {
      name: 'Measure',
      shortcuts: [
        {
          keys: ['X'],
          does: 'crosshair for the arrow keys, in place of the mouse; again or Escape ends it',
          run: () => {
            if (!toggleCrosshair(image)) workspace.notify('There is no image yet.');
            else if (image.getState().crosshair) focusImage();
          },
        },
        {
          keys: ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'],
          does: 'on the image: move the crosshair, or else the chosen region, by a pixel; with ⇧ by 10',
        },
        {
          keys: ['e'],
          does: 'examine the star at the pointer or crosshair: centroid, FWHM, flux, encircled energy',
          run: () => {
            ui.setState({ inspector: 'measure' });
            image.examine().catch((thrown: unknown) => workspace.notify(toAppError(thrown).message));
          },
        },
        {
          keys: ['j'],
          does: 'row and column through the pointer or crosshair, or the whole image’s projections',
          run: () =>
            ui.setState(({ cross, inspector }) => ({
              inspector: 'measure',
              cross: !(cross && inspector === 'measure'),
            })),
        },
        {
          keys: ['R'],
          does: 'regions: draw, statistics, cuts, DS9 files',
          run: () => ui.setState({ inspector: 'regions' }),
        },
        {
          keys: ['J'],
          does: 'sources and catalogues: table, plot, markers from CSV, FITS or the notebook',
          run: () => ui.setState({ inspector: 'catalogues' }),
        },
        { keys: ['D'], does: 'copy the selected region', run: () => withSelected((id) => regions.copy(id)) },
        {
          keys: ['Delete', 'Backspace'],
          does: 'delete the selected region',
          run: () => withSelected((id) => regions.remove(id)),
        },
        { keys: ['E'], does: 'what was measured', run: () => ui.setState({ inspector: 'measure' }) },
      ],
    },
    {
      name: 'Compare',
      shortcuts: [
        {
          keys: ['k'],
          does: 'with the previous exposure of the same target, filter and grating; again: tile, blink, curtain, difference, ratio',
          run: () => goOnComparing(compare),
        },
        {
          keys: ['K'],
          does: 'with this exposure, which stays',
          run: () => {
            const { shown } = image.getState();
            if (shown) compare.add({ kind: 'exposure', exposure: shown });
          },
        },
        {
          keys: ['U'],
          does: 'match limits: every image between those of the first, or its own',
          run: () => whileBeside(() => compare.setMatched(!compare.getState().matched)),
        },
        {
          keys: ['Q'],
          does: 'next lock: by pixel, amplifier, sky',
          run: () => whileBeside(() => compare.setLock(next(LOCKS, compare.getState().lock))),
        },
        {
          keys: ['Escape'],
          does: 'end of drawing, else of the crosshair, of choosing a region, of comparing',
          run: () => endInnermost(workspace),
        },
      ],
    },
    {
      name: 'ISR',
      shortcuts: [
        { keys: ['w'], does: 'raw pixels: every step off, and back', run: () => toggleRaw(image) },
        {
          keys: ['v'],
          does: 'the raw with its prescan and overscan, and back',
          run: () => toggleOverscan(image),
        },
      ],
    },
    {
      name: 'Page',
      shortcuts: [
        {
          keys: ['I'],
          does: 'save the picture as it is (PNG)',
          run: () => void saveImage(image, compare, 'png', (note) => workspace.notify(note)),
        },
        {
          keys: ['W'],
          does: 'save the pixels, mask and variance (FITS)',
          run: () => void saveImage(image, compare, 'fits', (note) => workspace.notify(note)),
        },
        { keys: ['r'], does: 'readout and ISR steps', run: () => ui.setState({ inspector: 'readout' }) },
        {
          keys: ['A'],
          does: 'health of the amplifiers',
          run: () => ui.setState({ inspector: 'amplifiers' }),
        },
        { keys: ['h'], does: 'header', run: () => ui.setState({ inspector: 'header' }) },
        { keys: ['d'], does: 'latency ledger', run: () => ui.setState({ inspector: 'ledger' }) },
        {
          keys: ['t'],
          does: 'next theme: dark, light, night red, high contrast',
          run: () =>
            workspace.setTheme(THEMES[(THEMES.indexOf(ui.getState().theme) + 1) % THEMES.length] ?? 'dark'),
        },
        { keys: ['?'], does: 'this overview', run: () => ui.setState({ dialog: 'keys' }) },
      ],
    },
  ];
}

/** One press, one step back: what was begun last ends first. */
function endInnermost({ image, regions, compare }: Workspace): void {
  const { tool, selected } = regions.getState();
  if (tool) regions.setTool(null);
  else if (image.getState().crosshair) image.lookAt(null);
  else if (selected !== null) regions.select(null);
  else compare.clear();
}

/** Off, and on with the last sigma. */
function smoothingToggle(image: ImageStore): () => void {
  let lastSigmaPx = 2;
  return () => {
    const { smoothSigmaPx } = image.getState().display;
    if (smoothSigmaPx > 0) lastSigmaPx = smoothSigmaPx;
    image.setDisplay({ smoothSigmaPx: smoothSigmaPx > 0 ? 0 : lastSigmaPx });
  };
}

function goOnComparing(compare: CompareStore): void {
  const { others, mode } = compare.getState();
  if (others.length === 0) compare.add({ kind: 'previous' });
  else compare.setMode(next(COMPARE_MODES, mode));
}

function next<T>(all: readonly T[], now: T): T {
  return all[(all.indexOf(now) + 1) % all.length] ?? now;
}

function turn(image: ImageStore, degrees: number): void {
  const { rotationDeg, mirrored } = image.getState().display.orientation;
  image.orient({ rotationDeg: (rotationDeg + degrees + 360) % 360, mirrored });
}

/** As seen on the screen: left and right change places, however the image lies. */
function mirror(image: ImageStore): void {
  const { rotationDeg, mirrored } = image.getState().display.orientation;
  image.orient({ rotationDeg: (360 - rotationDeg) % 360, mirrored: !mirrored });
}

/** What is shown raw goes back to what the exposure's type takes. */
function toggleRaw(image: ImageStore): void {
  const { isr, shownAs } = image.getState();
  if (isr.untrimmed) return toggleOverscan(image);
  const done = shownAs?.steps.filter(({ switchable, done: ran }) => switchable && ran) ?? [];
  if (done.length === 0) image.setIsr(FIRST_ISR);
  else {
    const switched = Object.fromEntries(done.map(({ name }) => [name, false]));
    image.setIsr({ ...isr, switched: { ...isr.switched, ...switched } });
  }
}

/** Hidden ones, behind what is compared, do not take it. */
function focusImage(): void {
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.image-canvas')) {
    canvas.focus({ preventScroll: true });
    if (document.activeElement === canvas) return;
  }
}

function focusFilter(): void {
  document.querySelector<HTMLInputElement>('.exposures-filter')?.focus();
}
