/**
 * astro-fits-wasm: FITS decoding and instrument signature removal (ISR) in WebAssembly.
 *
 * The module has no imports and no threads; one `Engine` is one instance with its own memory. Planes live in that
 * memory and are named by handles; views onto it are only valid until the next call that may grow it.
 */
export * from './api.ts';
export * from './isr.ts';
export type { CardToWrite, ColumnToWrite, FitsWriter, HduToWrite, ImageToWrite, Writing } from './writer.ts';
export type { CameraAmplifier, CameraDetector, PixelBox } from './camera.ts';
export type { Wcs } from './wcs.ts';
export { createEngine } from './engine.ts';
