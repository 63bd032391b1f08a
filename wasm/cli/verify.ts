/** `verify`: bad cards, faults of the structure, checksums. */
import type { FitsStream, Verification } from '../index.ts';
import type { Command } from './command.ts';
import { Failure } from './failure.ts';
import { columns, toJson } from './output.ts';
import { withFile } from './source.ts';

const describe = ({ hdu, problems, checksum, datasum, computedDatasum }: Verification) => ({
  index: hdu.index,
  name: hdu.name,
  checksum,
  datasum,
  computed_datasum: computedDatasum,
  problems,
});

export const verify: Command = {
  summary:
    'check headers, structure and checksums; faults that reading can do without make the exit code 1 too',
  usage: 'FILE [--json]',
  help: [],
  options: {},
  async run(engine, args) {
    const hdus: ReturnType<typeof describe>[] = [];
    // What stands behind the data of an HDU is known when the next one has begun, or the file ended.
    const verifyUpTo = (stream: FitsStream, last: number): void => {
      for (let hdu = stream.hdus[hdus.length]; hdu && hdu.index < last; hdu = stream.hdus[hdus.length]) {
        hdus.push(describe(stream.verifyHdu(hdu)));
        stream.release(hdu);
      }
    };
    await withFile(
      engine,
      args,
      (stream) => verifyUpTo(stream, stream.hdus.length - 1),
      (stream) => verifyUpTo(stream, stream.hdus.length),
    );
    const faults = hdus.flatMap(({ index, checksum, datasum, problems }) => [
      ...problems.map(({ card, text }) => `HDU ${index}${card > 0 ? `, card ${card}` : ''}: ${text}`),
      ...(checksum === 'bad' ? [`HDU ${index}: CHECKSUM does not agree with the bytes`] : []),
      ...(datasum === 'bad' ? [`HDU ${index}: DATASUM does not agree with the data`] : []),
    ]);
    const table = columns([
      ['HDU', 'name', 'CHECKSUM', 'DATASUM'],
      ...hdus.map(({ index, name, checksum, datasum }) => [String(index), name || '-', checksum, datasum]),
    ]);
    const text = args.json ? toJson(hdus) : [table, ...faults].join('\n');
    const [first] = faults;
    if (first === undefined) return text;
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults, the first`;
    return { text, failure: new Failure('malformed', args.file, `${count}: ${first}`) };
  },
};
