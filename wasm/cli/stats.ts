/** `stats`: the physical pixels of every image, in figures and as a hash. */
import type { Engine, FitsStream, Hdu, Plane, PlaneType } from '../index.ts';
import type { Command } from './command.ts';
import { sha256 } from './hash.ts';
import { columns, shortNumber, toJson } from './output.ts';
import { shapeOf } from './shape.ts';
import { eachHdu } from './source.ts';

const ROWS = 1024;

/** As numpy calls them. */
const DTYPES: Readonly<Record<PlaneType, string>> = {
  i8: 'int8',
  u8: 'uint8',
  i16: 'int16',
  u16: 'uint16',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  u64: 'uint64',
  f32: 'float32',
  f64: 'float64',
};

function decode(stream: FitsStream, hdu: Hdu): Plane {
  const decoding = stream.decode(hdu, 'physical');
  try {
    while (!decoding.step(ROWS));
    return decoding.plane;
  } finally {
    decoding.free();
  }
}

function measure(engine: Engine, stream: FitsStream, hdu: Hdu) {
  const shape = shapeOf(hdu);
  if (!shape) return undefined;
  const plane = decode(stream, hdu);
  const { min, max, mean, median } = engine.summary(plane);
  const result = {
    index: hdu.index,
    extname: hdu.name,
    shape,
    dtype: DTYPES[plane.type],
    min,
    max,
    mean,
    median,
    sha256: sha256(plane.view()),
  };
  engine.free(plane);
  return result;
}

export const stats: Command = {
  summary: 'the pixels of every image: shape, type, minimum, maximum, mean, median, SHA-256',
  usage: 'FILE [--json]',
  help: [],
  options: {},
  async run(engine, args) {
    const all = await eachHdu(engine, args, (hdu, stream) => measure(engine, stream, hdu));
    const images = all.filter((image) => image !== undefined);
    if (args.json) return toJson(images);
    return columns([
      ['HDU', 'name', 'shape', 'dtype', 'min', 'max', 'mean', 'median', 'sha256'],
      ...images.map((image) => [
        String(image.index),
        image.extname || '-',
        image.shape.join(' x '),
        image.dtype,
        ...[image.min, image.max, image.mean, image.median].map(shortNumber),
        image.sha256,
      ]),
    ]);
  },
};
