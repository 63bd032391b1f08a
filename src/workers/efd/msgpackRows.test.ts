import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { keyOf, MsgpackRowReader, type RowBlock } from './msgpackRows.ts';

/** An encoder of our own for tests, straight from the format's table; it shares nothing with the reader. */
function encode(value: unknown): number[] {
  if (value === null) return [0xc0];
  if (value === true) return [0xc3];
  if (value === false) return [0xc2];
  if (typeof value === 'bigint') {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value);
    return [0xd3, ...bytes];
  }
  if (typeof value === 'number') {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return [0xcb, ...bytes];
  }
  if (value instanceof Small) return value.bytes;
  if (typeof value === 'string') {
    const utf8 = [...new TextEncoder().encode(value)];
    if (utf8.length < 32) return [0xa0 | utf8.length, ...utf8];
    if (utf8.length < 256) return [0xd9, utf8.length, ...utf8];
    return [0xda, utf8.length >> 8, utf8.length & 255, ...utf8];
  }
  if (Array.isArray(value)) {
    const n = value.length;
    const head =
      n < 16
        ? [0x90 | n]
        : n < 65_536
          ? [0xdc, n >> 8, n & 255]
          : [0xdd, 0, n >> 16, (n >> 8) & 255, n & 255];
    return [...head, ...value.flatMap(encode)];
  }
  const entries = Object.entries(value as object);
  return [0x80 | entries.length, ...entries.flatMap(([k, v]) => [...encode(k), ...encode(v)])];
}

/** A number in one of the shorter integer forms. */
class Small {
  readonly bytes: number[];
  readonly value: number;
  constructor(bytes: number[], value: number) {
    this.bytes = bytes;
    this.value = value;
  }
}

const smallIntegers = [
  new Small([7], 7),
  new Small([0xff], -1),
  new Small([0xcc, 200], 200),
  new Small([0xcd, 1, 0], 256),
  new Small([0xce, 0, 1, 0, 0], 65_536),
  new Small([0xd0, 0x80], -128),
  new Small([0xd1, 0xff, 0], -256),
  new Small([0xd2, 0xff, 0xff, 0, 0], -65_536),
  new Small([0xca, 0x3f, 0x80, 0, 0], 1),
];

interface Row {
  readonly time: bigint;
  readonly number: number | null | Small;
  readonly text: string | null;
}

function answer(rows: readonly Row[], statement = 0) {
  return {
    results: [
      {
        statement_id: new Small([statement], statement),
        series: [
          {
            name: 'lsst.sal.X',
            columns: ['time', 'number', 'text'],
            values: rows.map((r) => [r.time, r.number, r.text]),
          },
        ],
      },
    ],
  };
}

function feed(bytes: Uint8Array, cuts: readonly number[]): RowBlock[] {
  const reader = new MsgpackRowReader();
  const blocks: RowBlock[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    blocks.push(...reader.push(bytes.subarray(from, cut)));
    from = cut;
  }
  blocks.push(...reader.push(bytes.subarray(from)), ...reader.end());
  return blocks;
}

const rowsOf = (blocks: readonly RowBlock[]) =>
  blocks.flatMap((b) =>
    Array.from({ length: b.rowCount }, (_, i) => ({
      time: keyOf(b, i),
      number: b.numbers[0]?.[i],
      text: b.texts[1]?.[i] ?? null,
    })),
  );

const anyRow = fc.record({
  time: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  number: fc.oneof(fc.double(), fc.constant(null), fc.constantFrom(...smallIntegers)),
  text: fc.oneof(fc.string({ maxLength: 300 }), fc.constant(null)),
});

describe('MsgpackRowReader', () => {
  it('gives back every row of any answer, however the network cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyRow, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(100_000), { maxLength: 12 }),
        (chunks, cuts) => {
          const bytes = Uint8Array.from(chunks.flatMap((rows) => encode(answer(rows))));
          const inside = cuts.map((c) => c % (bytes.length + 1));
          const expected = chunks.flat().map((r) => ({
            time: r.time,
            number: r.number instanceof Small ? r.number.value : (r.number ?? NaN),
            text: r.text,
          }));
          expect(rowsOf(feed(bytes, inside))).toEqual(expected);
        },
      ),
    );
  });

  it('keeps a time that a double would round', () => {
    const time = 1_764_000_000_050_123_457n;
    expect(BigInt(Number(time))).not.toBe(time);
    const [block] = feed(Uint8Array.from(encode(answer([{ time, number: 1, text: null }]))), []);
    expect(block && keyOf(block, 0)).toBe(time);
  });

  it('hands out a chunk as soon as it is whole', () => {
    const one = Uint8Array.from(encode(answer([{ time: 1n, number: 1, text: null }])));
    const reader = new MsgpackRowReader();
    expect(reader.push(one.subarray(0, one.length - 1))).toEqual([]);
    expect(reader.push(one.subarray(one.length - 1))).toEqual([]);
    // The last byte alone does not double what is known; the end of the stream settles it.
    expect(reader.end()).toHaveLength(1);
    const next = new MsgpackRowReader();
    expect(next.push(one)).toHaveLength(1);
  });

  it('tells the statement of each block', () => {
    const bytes = Uint8Array.from([
      ...encode(answer([{ time: 1n, number: 1, text: null }], 0)),
      ...encode(answer([{ time: 2n, number: 2, text: null }], 2)),
    ]);
    expect(feed(bytes, []).map((b) => b.statement)).toEqual([0, 2]);
  });

  it('throws the error that InfluxDB puts after good rows, with a tag that says whether to ask again', () => {
    const error = (text: string) =>
      Uint8Array.from([
        ...encode(answer([{ time: 1n, number: 1, text: null }])),
        ...encode({ results: [{ statement_id: new Small([0], 0), error: text }] }),
      ]);
    const thrown = (text: string) => {
      try {
        feed(error(text), []);
      } catch (e) {
        return e as AppError;
      }
      return undefined;
    };
    expect(thrown('query-timeout limit exceeded')?.tag).toBe('Unreachable');
    expect(thrown('database not found: efd')?.tag).toBe('Unreachable');
    expect(thrown('invalid field type')?.tag).toBe('Bug');
    expect(thrown('invalid field type')?.message).toContain('invalid field type');
  });

  it('refuses an answer that was cut off', () => {
    const bytes = Uint8Array.from(encode(answer([{ time: 1n, number: 1, text: null }])));
    expect(() => feed(bytes.subarray(0, bytes.length - 3), [])).toThrow(/cut off/);
  });

  it('refuses what is no msgpack of InfluxDB', () => {
    expect(() => feed(new TextEncoder().encode('<html>Sign in</html>'), [])).toThrow(AppError);
  });
});
