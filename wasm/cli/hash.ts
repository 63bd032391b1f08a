/** SHA-256 of pixels in C order and little-endian, which is how the engine's memory has them. */
import { createHash } from 'node:crypto';

export function sha256(pixels: ArrayBufferView): string {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

const CANONICAL_NAN = 0x7fc00000;

/** With -0.0 as +0.0 and every NaN as 0x7fc00000: computed pixels whose sign of zero and NaN nobody promises. */
export function imageSha256(image: Float32Array): string {
  const values = image.slice();
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value === 0) bits[i] = 0;
    else if (Number.isNaN(value)) bits[i] = CANONICAL_NAN;
  }
  return sha256(bits);
}
