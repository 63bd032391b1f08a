/** The colours that a region may have. Names that DS9 knows; which shade a theme shows is the surface's business. */
export const COLOUR_NAMES = [
  'green',
  'red',
  'blue',
  'cyan',
  'magenta',
  'yellow',
  'orange',
  'white',
  'black',
] as const;

export type ColourName = (typeof COLOUR_NAMES)[number];

/** DS9's default too. */
export const DEFAULT_COLOUR: ColourName = 'green';

/** As X11 defines the names (rgb.txt), except green, which DS9 draws at full brightness. */
const RGB: Record<ColourName, readonly [number, number, number]> = {
  green: [0, 255, 0],
  red: [255, 0, 0],
  blue: [0, 0, 255],
  cyan: [0, 255, 255],
  magenta: [255, 0, 255],
  yellow: [255, 255, 0],
  orange: [255, 165, 0],
  white: [255, 255, 255],
  black: [0, 0, 0],
};

export function isColourName(value: unknown): value is ColourName {
  return COLOUR_NAMES.some((name) => name === value);
}

/** The palette's nearest colour to a name, #rgb or #rrggbb; another name gives the default. */
export function nearestColour(text: string): ColourName {
  const name = text.toLowerCase();
  if (isColourName(name)) return name;
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/.exec(name)?.[1];
  if (digits === undefined) return DEFAULT_COLOUR;
  const each = digits.length / 3;
  const rgb = [0, 1, 2].map((i) =>
    Number.parseInt(digits.slice(i * each, (i + 1) * each).padEnd(2, digits[i]), 16),
  );
  const distance = (of: ColourName) =>
    RGB[of].reduce((sum, level, i) => sum + (level - (rgb[i] ?? 0)) ** 2, 0);
  return COLOUR_NAMES.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}
