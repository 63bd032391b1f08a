/** `header`: the cards as they are stored. */
import type { Command } from './command.ts';
import { printable, toJson } from './output.ts';
import { eachHdu, pickHdu } from './source.ts';

export const header: Command = {
  summary: 'the header cards as they are stored, END included',
  usage: 'FILE [--hdu N] [--json]',
  help: ['--hdu N             this HDU alone; 0 is the primary one; default: all'],
  options: { hdu: { type: 'string' } },
  async run(engine, args) {
    const all = await eachHdu(engine, args, ({ index, header: { raw } }) => ({ index, cards: raw }));
    const only = args.count('hdu');
    const hdus = only === undefined ? all : [pickHdu(all, only, args.file)];
    return args.json ? toJson(hdus) : hdus.flatMap(({ cards }) => cards.map(printable)).join('\n');
  },
};
