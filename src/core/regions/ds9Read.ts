/** Reads DS9 region files: what they hold of our shapes, and line by line what they hold besides. */
import type { DetectorPixel } from '../frames.ts';
import {
  coordinateFrame,
  FRAME_NAMES,
  type CoordinateFrame,
  type FrameName,
  type RegionFrames,
} from './coordinateFrame.ts';
import { commandsOf, coordinateOf, numberOf, type Command } from './ds9Syntax.ts';
import { DEFAULT_COLOUR, nearestColour } from './palette.ts';
import {
  LONGEST_LABEL,
  MOST_VERTICES,
  printableLabel,
  shapeProblem,
  type Region,
  type Shape,
} from './region.ts';

export interface SkippedLine {
  /** From 1. */
  readonly line: number;
  /** The command, not the whole line, and of that the beginning. */
  readonly text: string;
  readonly reason: string;
}

export interface ReadRegions {
  readonly regions: Region[];
  /** At most a thousand; `skippedCount` counts them all. */
  readonly skipped: SkippedLine[];
  readonly skippedCount: number;
}

const LONGEST_FILE = 2_000_000;
const MOST_REGIONS = 20_000;
/** Frames and globals between the regions, and shapes that are passed over. */
const MOST_COMMANDS = 50_000;
const MOST_SKIPPED = 1000;
const MOST_RINGS = 1000;

/** DS9 takes a world coordinate without a named frame as FK5. */
const DEFAULT_SKY: FrameName = 'fk5';
const FRAME_WORDS: ReadonlyMap<string, FrameName> = new Map<string, FrameName>([
  ...FRAME_NAMES.map((name) => [name, name] as const),
  ['j2000', 'fk5'],
  ['wcs', DEFAULT_SKY],
]);
const OTHER_FRAMES = /^(?:fk4|b1950|galactic|ecliptic|linear|amplifier|detector|wcs[a-z0])$/;
const OTHER_SHAPES = /^(?:vector|text|ruler|compass|segment|panda|epanda|bpanda|composite)$/;

/**
 * The regions of a file that DS9 or another program wrote. `newId` gives each its id. A file beyond the limits is
 * refused whole, in words.
 */
export function readDs9(
  text: string,
  frames: RegionFrames,
  newId: () => string,
): ReadRegions | { problem: string } {
  if (text.length > LONGEST_FILE) {
    return {
      problem: `The file has ${text.length} characters; region files of up to ${LONGEST_FILE} are read.`,
    };
  }
  const regions: Region[] = [];
  const skipped: SkippedLine[] = [];
  let skippedCount = 0;
  let commandCount = 0;
  // What DS9 assumes when a file names no frame.
  let frame = 'physical';
  const globals = new Map<string, string>();
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    for (const command of commandsOf(line)) {
      commandCount += 1;
      if (commandCount > MOST_COMMANDS) {
        return { problem: `The file has more than ${MOST_COMMANDS} commands. Is it a DS9 region file?` };
      }
      const word = command.body.toLowerCase();
      if (word === 'global') {
        for (const [key, value] of command.properties) globals.set(key, value);
        continue;
      }
      if (FRAME_WORDS.has(word) || OTHER_FRAMES.test(word)) {
        frame = word;
        continue;
      }
      const read = regionsOf(command, globals, frame, frames, newId);
      if (typeof read !== 'string') regions.push(...read);
      else {
        skippedCount += 1;
        if (skipped.length < MOST_SKIPPED)
          skipped.push({
            line: index + 1,
            text: printableLabel(command.body.slice(0, LONGEST_LABEL)),
            reason: read,
          });
      }
      if (regions.length > MOST_REGIONS) {
        return {
          problem: `The file has more than ${MOST_REGIONS} regions. Split it, or save fewer of them.`,
        };
      }
    }
  }
  return { regions, skipped, skippedCount };
}

/** The regions of one command, or why there are none. */
function regionsOf(
  { body, properties }: Command,
  globals: ReadonlyMap<string, string>,
  frameWord: string,
  frames: RegionFrames,
  newId: () => string,
): Region[] | string {
  const match =
    /^([+-]?)\s*(?:(?:circle|box|diamond|cross|x|arrow|boxcircle)\s+(?=point\b))?([a-z]\w*)/i.exec(body);
  const shapeWord = match?.[2]?.toLowerCase();
  if (!match || shapeWord === undefined) return 'not a DS9 region';
  if (shapeWord === 'composite') return 'composite: its members are read one by one';
  if (OTHER_SHAPES.test(shapeWord)) return `${shapeWord} is not among the shapes here`;
  const kind = shapeOf(shapeWord);
  if (!kind) return `unknown shape ${shapeWord.slice(0, 20)}`;
  const own = (key: string) => properties.get(key) ?? globals.get(key);
  const included = properties.get('include') ?? (match[1] === '-' ? '0' : (globals.get('include') ?? '1'));
  if (included === '0') return 'an excluded region (-): regions are measured one by one here';

  const frame = namedFrame(frameWord, frames);
  if (typeof frame === 'string') return frame;
  const inner = /^\s*\(([^()]*)\)\s*$|^([^()]*)$/.exec(body.slice(match[0].length));
  if (!inner) return 'its parentheses do not pair';
  const tokens = (inner[1] ?? inner[2] ?? '').split(/[\s,]+/).filter((token) => token !== '');
  const args = new Arguments(tokens, frame, frames);
  const shapes = kind(args);
  const problem = args.problem ?? shapes.map(shapeProblem).find((found) => found !== undefined);
  if (problem !== undefined) return problem;
  const label = printableLabel(own('text') ?? '');
  const colour = nearestColour(own('color') ?? DEFAULT_COLOUR);
  return shapes.map((shape) => ({ ...shape, id: newId(), label, colour }));
}

function namedFrame(word: string, frames: RegionFrames): CoordinateFrame | string {
  const name = FRAME_WORDS.get(word);
  if (name === undefined)
    return `frame ${word} is not read: save it from DS9 in icrs, fk5, physical or image`;
  return coordinateFrame(name, frames) ?? 'a sky position, and this image has no WCS';
}

type ShapeReader = (args: Arguments) => Shape[];

function shapeOf(word: string): ShapeReader | undefined {
  switch (word) {
    case 'point':
      return (args) => [{ kind: 'point', centre: args.last(args.place()) }];
    case 'line':
      return (args) => [{ kind: 'line', from: args.place(), to: args.last(args.place()), widthPx: 1 }];
    case 'projection':
      return (args) => [
        { kind: 'line', from: args.place(), to: args.place(), widthPx: args.last(args.sizePx()) },
      ];
    case 'circle':
      return (args) => [{ kind: 'circle', centre: args.place(), radiusPx: args.last(args.sizePx()) }];
    case 'ellipse':
      return (args) => {
        const centre = args.place();
        const [semiMajorPx, semiMinorPx, angleDeg] = args.twoSizesAndAngle('an ellipse annulus');
        return [{ kind: 'ellipse', centre, semiMajorPx, semiMinorPx, angleDeg }];
      };
    case 'box':
    case 'rotbox':
      return (args) => {
        const centre = args.place();
        const [widthPx, heightPx, angleDeg] = args.twoSizesAndAngle('a box annulus');
        return [{ kind: 'box', centre, widthPx, heightPx, angleDeg }];
      };
    case 'polygon':
      return (args) => {
        const vertices: DetectorPixel[] = [];
        // No longer than it takes to know that they are too many.
        while (args.left > 0 && vertices.length <= MOST_VERTICES) vertices.push(args.place());
        return [{ kind: 'polygon', vertices }];
      };
    case 'annulus':
      return ringsOf;
    default:
      return undefined;
  }
}

/** DS9 writes nested rings as one annulus; each is a region here. */
function ringsOf(args: Arguments): Shape[] {
  const centre = args.place();
  const count = args.ringCount();
  const radii: number[] = [];
  while (args.left > 0 && radii.length <= MOST_RINGS) radii.push(args.sizePx());
  args.last(radii);
  const [inner, outer] = radii;
  if (inner === undefined || outer === undefined) {
    args.fail('an annulus has at least two radii');
    return [];
  }
  const all =
    count === undefined
      ? radii
      : Array.from({ length: count + 1 }, (_, i) => inner + ((outer - inner) * i) / count);
  if (count !== undefined && radii.length !== 2) args.fail('an annulus with n= has two radii');
  return all.slice(1).map((outerPx, i) => ({ kind: 'annulus', centre, innerPx: all[i] ?? 0, outerPx }));
}

/** The numbers of one command, taken in order; the first thing wrong with them is kept. */
class Arguments {
  problem: string | undefined;
  readonly #tokens: string[];
  readonly #frame: CoordinateFrame;
  readonly #frames: RegionFrames;
  #next = 0;
  /** Where sizes and angles are taken. */
  #at: DetectorPixel = { x: Number.NaN, y: Number.NaN };

  constructor(tokens: string[], frame: CoordinateFrame, frames: RegionFrames) {
    this.#tokens = tokens;
    this.#frame = frame;
    this.#frames = frames;
  }

  get left(): number {
    return this.#tokens.length - this.#next;
  }

  fail(problem: string): number {
    this.problem ??= problem;
    return Number.NaN;
  }

  /** Passes on the last argument of a command. */
  last<T>(argument: T): T {
    if (this.left > 0) this.fail('it has too many numbers');
    return argument;
  }

  #take(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined) this.fail('it has too few numbers');
    this.#next += 1;
    return token ?? '';
  }

  place(): DetectorPixel {
    const [tokenX, tokenY] = [this.#take(), this.#take()];
    const x = coordinateOf(tokenX, 'x');
    const y = coordinateOf(tokenY, 'y');
    if (!x || !y) this.fail(`${(x ? tokenY : tokenX).slice(0, 20)} is not a coordinate`);
    else if (x.of !== y.of) this.fail('its coordinates have different units');
    else {
      const frame = this.#frameOf(x.of);
      if (!frame) this.fail('a sky position, and this image has no WCS');
      else if (frame.isSky && Math.abs(y.value) > 90) this.fail('its declination is beyond 90 degrees');
      else {
        const at = frame.toPixel({ x: x.value, y: y.value });
        if (at) return (this.#at = { x: at.x, y: at.y });
        this.fail('its position is not on this part of the sky');
      }
    }
    return { x: Number.NaN, y: Number.NaN };
  }

  #frameOf(of: 'plain' | 'image' | 'physical' | 'sky'): CoordinateFrame | undefined {
    if (of === 'plain' || (of === 'sky' && this.#frame.isSky)) return this.#frame;
    return coordinateFrame(of === 'sky' ? DEFAULT_SKY : of, this.#frames);
  }

  sizePx(): number {
    const token = this.#take();
    const number = numberOf(token);
    if (!number) return this.fail(`${token.slice(0, 20)} is not a size`);
    const { value, unit } = number;
    switch (unit) {
      case '':
        return this.#frame.isSky ? this.#fromArcsec(value * 3600) : this.#fromFrame(value, this.#frame);
      case 'i':
        return value;
      case 'p':
        return this.#fromFrame(value, coordinateFrame('physical', this.#frames));
      case '"':
        return this.#fromArcsec(value);
      case "'":
        return this.#fromArcsec(value * 60);
      case 'd':
        return this.#fromArcsec(value * 3600);
      case 'r':
        return this.#fromArcsec((value * 3600 * 180) / Math.PI);
    }
  }

  #fromFrame(value: number, frame: CoordinateFrame | undefined): number {
    return value / (frame?.localAt(this.#at)?.unitsPerPx ?? Number.NaN);
  }

  #fromArcsec(arcsec: number): number {
    const scale =
      coordinateFrame('icrs', this.#frames)?.localAt(this.#at)?.unitsPerPx ?? this.#frames.scaleArcsecPerPx;
    return scale === undefined
      ? this.fail('an angular size, and this image has no WCS or plate scale')
      : arcsec / scale;
  }

  twoSizesAndAngle(withMore: string): [number, number, number] {
    if (this.left > 3) this.fail(`${withMore} is not among the shapes here`);
    const sizes = [this.sizePx(), this.sizePx()] as const;
    return [...sizes, this.left > 0 ? this.last(this.#angleDeg()) : this.#turned(0)];
  }

  #angleDeg(): number {
    const token = this.#take();
    const number = numberOf(token);
    if (number?.unit === '' || number?.unit === 'd') return this.#turned(number.value);
    if (number?.unit === 'r') return this.#turned((number.value * 180) / Math.PI);
    return this.fail(`${token.slice(0, 20)} is not an angle`);
  }

  #turned(angleDeg: number): number {
    return (
      this.#frame.localAt(this.#at)?.angleToDetector(angleDeg) ?? this.fail('its angle cannot be turned here')
    );
  }

  /** Of `n=3` at the end, which is taken away. */
  ringCount(): number | undefined {
    const digits = /^n=(\d{1,4})$/i.exec(this.#tokens.at(-1) ?? '')?.[1];
    if (digits === undefined) return undefined;
    this.#tokens.pop();
    const count = Number(digits);
    if (count < 1 || count > MOST_RINGS) this.fail(`n= is not 1 to ${MOST_RINGS}`);
    return count;
  }
}
