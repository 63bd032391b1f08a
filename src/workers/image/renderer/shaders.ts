/**
 * The shaders. What a picture is drawn with is compiled into its program and no branch of it: drawn by software
 * (SwiftShader), both sides of a branch are paid for, and a program without them takes a third of the time.
 */
import type { StretchName } from '../../../core/display/stretch.ts';
import { ASINH_STEEPNESS, LOG_STEEPNESS } from '../../../core/display/stretch.ts';

/** One triangle that covers the pane. */
export const VERTEX_SHADER = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/** How the pixels become colours. */
export interface Drawing {
  readonly stretch: StretchName;
  /** `one` texel, or the mean of the `four` nearest by nearness: by the texture unit, or only of those with a value. */
  readonly texels: 'one' | 'four' | 'fourWithValue';
  /** Some pixels have no value (NaN or infinite). */
  readonly holes: boolean;
  /** Each amplifier between its own limits. */
  readonly inCells: boolean;
  readonly masked: boolean;
  /** The level is a part of the image that begins at `origin`. */
  readonly part: boolean;
}

/** Steps of the table that `equalize` looks up. */
export const EQUALIZING_SIZE = 1024;
/** Bits of a mask that can have a colour: those of afw's MaskPixel. */
export const MASK_BITS = 31;

const glslFloat = (value: number) => value.toFixed(9);

const STRETCHED: Readonly<Record<StretchName, string>> = {
  linear: 't',
  log: `log(1.0 + ${glslFloat(LOG_STEEPNESS)} * t) / ${glslFloat(Math.log(1 + LOG_STEEPNESS))}`,
  sqrt: 'sqrt(t)',
  asinh: `asinh(${glslFloat(ASINH_STEEPNESS)} * t) / ${glslFloat(Math.asinh(ASINH_STEEPNESS))}`,
  power: `(pow(${glslFloat(LOG_STEEPNESS)}, t) - 1.0) / ${glslFloat(LOG_STEEPNESS - 1)}`,
  equalize: `texelFetch(equalizing, ivec2(int(t * ${glslFloat(EQUALIZING_SIZE - 1)} + 0.5), 0), 0).r`,
};

const VALUE: Readonly<Record<Drawing['texels'], string>> = {
  one: 'texelFetch(level, ivec2(floor(v)), 0).r',
  four: 'texture(level, v / vec2(textureSize(level, 0))).r',
  fourWithValue: 'averageAt(v)',
};

/** NaN where none of the four has a value. */
const AVERAGE_AT = `
float averageAt(vec2 u) {
  vec2 q = u - 0.5;
  ivec2 p = ivec2(floor(q));
  vec2 f = q - floor(q);
  ivec2 last = textureSize(level, 0) - 1;
  float weights = 0.0;
  float sum = 0.0;
  for (int i = 0; i < 4; i++) {
    ivec2 o = ivec2(i & 1, i >> 1);
    float v = texelFetch(level, clamp(p + o, ivec2(0), last), 0).r;
    vec2 w = mix(1.0 - f, f, vec2(o));
    if (isFinite(v)) { weights += w.x * w.y; sum += w.x * w.y * v; }
  }
  return weights > 0.0 ? sum / weights : uintBitsToFloat(0x7fc00000u);
}`;

/** No colour map can look like it. */
const HATCHED = `
  if (!isFinite(value)) {
    float band = mod(gl_FragCoord.x + gl_FragCoord.y, 8.0);
    colour = vec4(band < 4.0 ? vec3(0.13, 0.17, 0.24) : vec3(0.23, 0.28, 0.37), 1.0);
  }`;

const IN_CELL = '  vec2 cell = floor((at + 0.5) / cellSize);\n';

/** A mean over the border of two amplifiers would lie between the limits of neither. */
const WITHIN_CELL =
  'clamp(u, ceil(cell * cellSize / binning) + 0.5, floor((cell + 1.0) * cellSize / binning) - 0.5)';

const MASK_OVER = `
  int bits = maskBits & texelFetch(maskLevel, clamp(ivec2(floor(u)), ivec2(0), textureSize(maskLevel, 0) - 1), 0).r;
  for (int bit = 0; bits != 0; bit++, bits >>= 1) {
    if ((bits & 1) == 0) continue;
    vec4 over = texelFetch(maskColours, ivec2(bit, 0), 0);
    colour.rgb = mix(colour.rgb, over.rgb, over.a);
  }`;

/**
 * gl_FragCoord has its origin at the lower left with pixel centres at .5, as the detector frame has y upwards: only the
 * view's own turn is between them. Textures but `four` are read texel by texel, because R32F cannot be filtered on every
 * machine. `ramp`: slope and level of contrast and bias, turned round where the picture is inverted.
 */
export function fragmentShader({ stretch, texels, holes, inCells, masked, part }: Drawing): string {
  const between = inCells ? 'texelFetch(cellLimits, ivec2(cell), 0).rg' : 'limits';
  return `#version 300 es
precision highp float;
precision highp int;
uniform highp sampler2D level;
uniform highp sampler2D colours;
uniform highp sampler2D equalizing;
uniform highp sampler2D cellLimits;
uniform vec2 centre;
uniform vec2 pane;
uniform vec2 imageSize;
uniform mat2 fromScreen;
uniform vec2 limits;
uniform vec2 cellSize;
uniform float binning;
uniform vec2 origin;
uniform vec2 ramp;
uniform int colourRow;
uniform highp isampler2D maskLevel;
uniform highp sampler2D maskColours;
uniform int maskBits;
out vec4 colour;

bool isFinite(float v) { return (floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u; }
${texels === 'fourWithValue' ? AVERAGE_AT : ''}
void main() {
  vec2 at = centre + fromScreen * (gl_FragCoord.xy - pane * 0.5);
  vec2 u = (at + 0.5) / binning;
${inCells ? IN_CELL : ''}  vec2 v = ${inCells && texels !== 'one' ? WITHIN_CELL : 'u'}${part ? ' - origin' : ''};
  float value = ${VALUE[texels]};
  vec2 between = ${between};
  float t = clamp((value - between.x) / (between.y - between.x), 0.0, 1.0);
  t = clamp((${STRETCHED[stretch]}) * ramp.x + ramp.y, 0.0, 1.0);
  colour = texelFetch(colours, ivec2(int(t * 255.0 + 0.5), colourRow), 0);
${holes ? HATCHED : ''}${masked ? MASK_OVER : ''}
  if (any(lessThan(at, vec2(-0.5))) || any(greaterThanEqual(at, imageSize - 0.5))) colour = vec4(0.0, 0.0, 0.0, 1.0);
}`;
}
