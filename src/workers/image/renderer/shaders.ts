/** The two shaders. Textures are read with texelFetch, because R32F cannot be filtered on every machine. */
import { ASINH_STEEPNESS, LOG_STEEPNESS } from '../../../core/display/stretch.ts';

/** One triangle that covers the pane. */
export const VERTEX_SHADER = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/** Steps of the table that `equalize` looks up. */
export const EQUALIZING_SIZE = 1024;

const glslFloat = (value: number) => value.toFixed(9);

/**
 * gl_FragCoord has its origin at the lower left with pixel centres at .5, as the detector frame has y upwards: only the
 * view's own turn is between them. A pixel without a value (NaN or infinite) is hatched, which no colour map can look
 * like. The stretches stand in the order of `STRETCHES`.
 */
export const FRAGMENT_SHADER = `#version 300 es
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
uniform int stretch;
uniform vec2 contrast;
uniform int colourRow;
uniform bool inverted;
uniform bool averaged;
uniform bool inCells;
uniform highp isampler2D maskLevel;
uniform highp sampler2D maskColours;
uniform int maskBits;
out vec4 colour;

bool isFinite(float v) { return (floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u; }

float tap(ivec2 p) { return texelFetch(level, clamp(p, ivec2(0), textureSize(level, 0) - 1), 0).r; }

// The mean of the four nearest, by nearness, of those that have a value.
bool averageAt(vec2 u, out float value) {
  vec2 q = u - 0.5;
  ivec2 p = ivec2(floor(q));
  vec2 f = q - floor(q);
  float weights = 0.0;
  float sum = 0.0;
  for (int i = 0; i < 4; i++) {
    ivec2 o = ivec2(i & 1, i >> 1);
    float v = tap(p + o);
    vec2 w = mix(1.0 - f, f, vec2(o));
    if (isFinite(v)) { weights += w.x * w.y; sum += w.x * w.y * v; }
  }
  value = sum / weights;
  return weights > 0.0;
}

float stretched(float t) {
  if (stretch == 1) return log(1.0 + ${glslFloat(LOG_STEEPNESS)} * t) / ${glslFloat(Math.log(1 + LOG_STEEPNESS))};
  if (stretch == 2) return sqrt(t);
  if (stretch == 3) return asinh(${glslFloat(ASINH_STEEPNESS)} * t) / ${glslFloat(Math.asinh(ASINH_STEEPNESS))};
  if (stretch == 4) return (pow(${glslFloat(LOG_STEEPNESS)}, t) - 1.0) / ${glslFloat(LOG_STEEPNESS - 1)};
  if (stretch == 5) return texelFetch(equalizing, ivec2(int(t * ${glslFloat(EQUALIZING_SIZE - 1)} + 0.5), 0), 0).r;
  return t;
}

void main() {
  vec2 at = centre + fromScreen * (gl_FragCoord.xy - pane * 0.5);
  if (any(lessThan(at, vec2(-0.5))) || any(greaterThanEqual(at, imageSize - 0.5))) {
    colour = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  vec2 u = (at + 0.5) / binning;
  float value;
  bool known;
  if (averaged) {
    known = averageAt(u, value);
  } else {
    value = tap(ivec2(floor(u)));
    known = isFinite(value);
  }
  if (!known) {
    float band = mod(gl_FragCoord.x + gl_FragCoord.y, 8.0);
    colour = vec4(band < 4.0 ? vec3(0.13, 0.17, 0.24) : vec3(0.23, 0.28, 0.37), 1.0);
    return;
  }
  vec2 between = limits;
  if (inCells) between = texelFetch(cellLimits, ivec2(floor((at + 0.5) / cellSize)), 0).rg;
  float t = stretched(clamp((value - between.x) / (between.y - between.x), 0.0, 1.0));
  t = clamp((t - contrast.x) * contrast.y + 0.5, 0.0, 1.0);
  if (inverted) t = 1.0 - t;
  colour = texelFetch(colours, ivec2(int(t * 255.0 + 0.5), colourRow), 0);
  if (maskBits == 0) return;
  int bits = maskBits & texelFetch(maskLevel, clamp(ivec2(floor(u)), ivec2(0), textureSize(maskLevel, 0) - 1), 0).r;
  for (int bit = 0; bits != 0; bit++, bits >>= 1) {
    if ((bits & 1) == 0) continue;
    vec4 over = texelFetch(maskColours, ivec2(bit, 0), 0);
    colour.rgb = mix(colour.rgb, over.rgb, over.a);
  }
}`;
/** Bits of a mask that can have a colour: those of afw's MaskPixel. */
export const MASK_BITS = 31;
