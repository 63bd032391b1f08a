/**
 * What was done with the images, as Python that does it again: each exposure that was opened, each set of ISR steps, each
 * star, region, row and column that was measured, the amplifiers' health, differences and ratios. The cell wants `butler`
 * (lsst.daf.butler) and this project's Python package.
 */
import type { Exposure } from '../../core/dataId.ts';
import type { StarCamera } from '../../core/measure/examine.ts';
import { aside } from '../../core/measure/cuts.ts';
import type { Region } from '../../core/regions/region.ts';
import type { Combination, CrossRequest, IsrStep, RegionUnit } from '../../workers/image/contract.ts';

/** The steps that ran stand for the recipe: what was skipped is not asked for again. */
export interface ShownAction {
  readonly kind: 'shown';
  readonly exposure: Exposure;
  readonly recipe: string;
  readonly overscan: string;
  readonly steps: readonly IsrStep[];
}

/** The row and the column through a pixel, of an image of so many. */
export interface CrossAction extends Omit<CrossRequest, 'key'> {
  readonly kind: 'cross';
  readonly width: number;
  readonly height: number;
}

export type Action =
  | ShownAction
  | CrossAction
  /** Of the exposure's raw. */
  | { readonly kind: 'health'; readonly exposure: Exposure }
  /** The image that was shown last, less another or divided by it. */
  | { readonly kind: 'combined'; readonly how: Combination; readonly by: ShownAction }
  | {
      readonly kind: 'examined';
      readonly x: number;
      readonly y: number;
      readonly camera: StarCamera;
    }
  | {
      readonly kind: 'region';
      readonly region: Region;
      /** Where it was not measured in the image's own unit. */
      readonly convertedTo?: RegionUnit;
    };

/** A Python literal: of text every character that is not plain ASCII is escaped, so that nothing of it can be code. */
export function literal(value: string | number): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : "float('nan')";
  const plain = value.replaceAll(/[^\x20-\x7e]|['\\]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`;
    return code > 0xff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `'${plain}'`;
}

const HEAD = `from summit_notebook.engine import Engine
from summit_notebook.measure import examine, line_cut, region_statistics

import numpy as np

engine = Engine()


def raw_of(data_id):
    return butler.getURI('raw', data_id, collections='*').read()


def shown(data_id, recipe, overscan, steps, calibs):
    """The image as the page reduced it."""
    raw = raw_of(data_id)
    files = {name: butler.getURI(butler.registry.getDataset(uuid)).read() for name, uuid in calibs.items()}
    return engine.isr(raw, calibs=files, recipe=recipe, steps=steps, overscan=overscan)


def counted(result):
    """The image without the pixels that have no light of a star's."""
    planes = result.report['mask_planes']
    bits = sum(1 << planes[name] for name in ('BAD', 'CR', 'NO_DATA', 'UNMASKEDNAN') if name in planes)
    return result.image if result.mask is None else np.where(result.mask & bits, np.nan, result.image)
`;

const HEALTH = `
from summit_notebook.hub_service.amplifier_health import amplifier_health, serial_overscan, shared_noise


def amplifiers(data_id):
    """The health of the raw's amplifiers, by their names."""
    hdus = {hdu.name.lower(): hdu.data for hdu in engine.read(raw_of(data_id))}
    camera = engine.camera(data_id['instrument'], data_id['detector'])['amplifiers']
    segments = [(a, hdus[a['hduName'].lower()]) for a in camera if a['hduName'].lower() in hdus]
    overscans = [serial_overscan(pixels, a) for a, pixels in segments]
    return {
        a['name']: amplifier_health(pixels, a, overscan) | {'correlation': correlation}
        for (a, pixels), overscan, correlation in zip(segments, overscans, shared_noise(overscans))
    }
`;

const IN_UNIT = `

def in_unit(result, unit):
    """The image in another unit, each pixel by the gain of its amplifier."""
    report = result.report
    gains = {each['name']: each['gain_electron_per_adu'] for each in report['amplifiers']}
    image = result.image.copy()
    for amplifier in engine.camera(report['instrument'], report['detector'])['amplifiers']:
        gain = gains[amplifier['name']] or amplifier['gainElectronPerAdu']
        box = amplifier['detector']
        image[box['y0'] : box['y1'], box['x0'] : box['x1']] *= gain if unit == 'electron' else 1 / gain
    return image
`;

/** One runnable cell. */
export function pythonOf(actions: readonly Action[]): string {
  const lines: string[] = [HEAD];
  const images = actions.flatMap((action) =>
    action.kind === 'shown' ? [action] : action.kind === 'combined' ? [action.by] : [],
  );
  if (images.some((image) => calibsOf(image).length > 0)) lines.unshift('from uuid import UUID\n');
  if (actions.some(({ kind }) => kind === 'health')) lines.push(HEALTH);
  if (actions.some((action) => action.kind === 'region' && action.convertedTo)) lines.push(IN_UNIT);
  for (const action of actions) lines.push(...linesOf(action));
  return `${lines.join('\n')}\n`;
}

function linesOf(action: Action): readonly string[] {
  switch (action.kind) {
    case 'shown':
      return shownLines(action, 'result');
    case 'cross':
      return crossLines(action);
    case 'health':
      return ['', commentOf(action.exposure), `health = amplifiers(${dataIdOf(action.exposure)})`];
    case 'combined':
      return [...shownLines(action.by, 'other'), ...COMBINED[action.how]];
    case 'examined':
      return starLines(action.x, action.y, action.camera);
    case 'region':
      return regionLines(
        action.region,
        action.convertedTo ? `in_unit(result, ${literal(action.convertedTo)})` : 'result.image',
      );
  }
}

function starLines(x: number, y: number, camera: StarCamera): readonly string[] {
  const known = (value: number | null) => (value === null ? 'None' : literal(value));
  return [
    'star = examine(',
    '    counted(result),',
    `    ${literal(x)},`,
    `    ${literal(y)},`,
    `    gain_electron_per_adu=${known(camera.gainElectronPerAdu)},`,
    `    read_noise_electron=${known(camera.readNoiseElectron)},`,
    `    saturation=${known(camera.saturation)},`,
    `    plate_scale_arcsec_per_px=${known(camera.plateScaleArcsecPerPx)},`,
    "    unit=result.report['unit'],",
    ')',
  ];
}

function calibsOf({ steps }: ShownAction): readonly IsrStep[] {
  return steps.filter(({ done, dataset }) => done && dataset !== undefined);
}

/** A pixel that is divided by nothing has no value, as on the page. */
const COMBINED: Readonly<Record<Combination, readonly string[]>> = {
  difference: ['difference = result.image - other.image'],
  ratio: ['ratio = result.image / np.where(other.image == 0, np.nan, other.image)'],
};

function dataIdOf({ instrument, exposure, raws }: Exposure): string {
  const detector = raws[0]?.detector ?? 0;
  return `{'instrument': ${literal(instrument)}, 'exposure': ${literal(exposure)}, 'detector': ${literal(detector)}}`;
}

/** The name is somebody's text: a comment ends at its line's end, which a literal cannot hold. */
function commentOf({ obsId, targetName }: Exposure): string {
  return `# ${literal(obsId)} ${literal(targetName)}`;
}

/** Of the pixels that have a value. */
function crossLines({ at, widthPx, how, width, height }: CrossAction): readonly string[] {
  const [y0, y1] = aside(Math.round(at.y), widthPx, height);
  const [x0, x1] = aside(Math.round(at.x), widthPx, width);
  const combine = how === 'mean' ? 'np.nanmean' : 'np.nanmedian';
  return [
    'known = np.where(np.isfinite(result.image), result.image.astype(float), np.nan)',
    `row = ${combine}(known[${literal(y0)}:${literal(y1)}, :], axis=0)`,
    `column = ${combine}(known[:, ${literal(x0)}:${literal(x1)}], axis=1)`,
  ];
}

function shownLines(action: ShownAction, name: 'result' | 'other'): readonly string[] {
  const { exposure, recipe, overscan, steps } = action;
  const done = steps.filter((step) => step.done).map(({ name }) => literal(name));
  const calibs = calibsOf(action).map(
    ({ name, dataset }) => `${literal(name)}: UUID(${literal(dataset ?? '')})`,
  );
  return [
    '',
    commentOf(exposure),
    `data_id = ${dataIdOf(exposure)}`,
    `${name} = shown(`,
    '    data_id,',
    `    recipe=${literal(recipe)},`,
    `    overscan=${literal(overscan)},`,
    `    steps=[${done.join(', ')}],`,
    `    calibs={${calibs.join(', ')}},`,
    ')',
  ];
}

/** Pixels whose centre lies inside, as the page counts them (docs/regions.md). */
function regionLines(region: Region, image: string): readonly string[] {
  const grid = 'y, x = np.indices(result.image.shape)';
  const inside = (condition: string) => [grid, `statistics = region_statistics(${image}[${condition}])`];
  switch (region.kind) {
    case 'point': {
      const [x, y] = [Math.round(region.centre.x), Math.round(region.centre.y)];
      return [
        `statistics = region_statistics(${image}[${literal(y)}:${literal(y + 1)}, ${literal(x)}:${literal(x + 1)}])`,
      ];
    }
    case 'line': {
      const end = ({ x, y }: { x: number; y: number }) => `(${literal(x)}, ${literal(y)})`;
      return [`cut = line_cut(${image}, ${end(region.from)}, ${end(region.to)}, ${literal(region.widthPx)})`];
    }
    case 'circle':
      return inside(
        `(x - ${literal(region.centre.x)}) ** 2 + (y - ${literal(region.centre.y)}) ** 2 < ${literal(region.radiusPx)} ** 2`,
      );
    case 'annulus': {
      const squared = `(x - ${literal(region.centre.x)}) ** 2 + (y - ${literal(region.centre.y)}) ** 2`;
      return inside(
        `(${squared} < ${literal(region.outerPx)} ** 2) & (${squared} >= ${literal(region.innerPx)} ** 2)`,
      );
    }
    case 'ellipse':
    case 'box': {
      const turned = [
        grid,
        `angle = np.deg2rad(${literal(region.angleDeg)})`,
        `dx, dy = x - ${literal(region.centre.x)}, y - ${literal(region.centre.y)}`,
        'along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)',
      ];
      const condition =
        region.kind === 'box'
          ? `(abs(along) < ${literal(region.widthPx / 2)}) & (abs(across) < ${literal(region.heightPx / 2)})`
          : `(along / ${literal(region.semiMajorPx)}) ** 2 + (across / ${literal(region.semiMinorPx)}) ** 2 < 1`;
      return [...turned, `statistics = region_statistics(${image}[${condition}])`];
    }
    case 'polygon': {
      const vertices = region.vertices.map(({ x, y }) => `(${literal(x)}, ${literal(y)})`).join(', ');
      return [
        grid,
        `vertices = [${vertices}]`,
        'inside = np.zeros(x.shape, bool)',
        'for (x1, y1), (x2, y2) in zip(vertices, vertices[1:] + vertices[:1]):',
        '    if y1 != y2:  # even-odd rule: each edge that lies to the right of a pixel turns it over',
        '        inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)',
        `statistics = region_statistics(${image}[inside])`,
      ];
    }
  }
}
