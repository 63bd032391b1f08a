/** `info`: what HDUs a file has. */
import type { Hdu } from '../index.ts';
import type { Command } from './command.ts';
import { columns, toJson } from './output.ts';
import { shapeOf } from './shape.ts';
import { eachHdu } from './source.ts';

/** Header cards that place an image on its detector, as IRAF's mosaic convention and Rubin raws have them. */
const SECTIONS = ['DATASEC', 'BIASSEC', 'TRIMSEC', 'CCDSEC', 'AMPSEC', 'DETSEC', 'CCDSIZE', 'DETSIZE'];

function describe(hdu: Hdu) {
  const { header, index, name, kind, width, height } = hdu;
  const compressed = kind === 'compressed-image';
  return {
    index,
    name,
    type: kind,
    width,
    height,
    shape: shapeOf(hdu) ?? null,
    bitpix: header.number(compressed ? 'ZBITPIX' : 'BITPIX') ?? null,
    compression: compressed ? (header.text('ZCMPTYPE') ?? null) : null,
    sections: Object.fromEntries(
      SECTIONS.map((keyword) => [keyword, header.text(keyword)] as const).filter(([, text]) => text),
    ),
  };
}

export const info: Command = {
  summary: 'list the HDUs of a file',
  usage: 'FILE [--json]',
  help: [],
  options: {},
  async run(engine, args) {
    const hdus = await eachHdu(engine, args, describe);
    if (args.json) return toJson(hdus);
    return columns([
      ['HDU', 'name', 'type', 'shape', 'bitpix', 'compression', 'sections'],
      ...hdus.map((hdu) => [
        String(hdu.index),
        hdu.name || '-',
        hdu.type,
        hdu.shape?.join(' x ') ?? '-',
        String(hdu.bitpix ?? '-'),
        hdu.compression ?? '-',
        Object.entries(hdu.sections)
          .map(([keyword, text]) => `${keyword}=${text}`)
          .join(' '),
      ]),
    ]);
  },
};
