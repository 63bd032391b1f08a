import { describe, expect, it } from 'vitest';
import type { RowBlock } from './msgpackRows.ts';
import { TopicRows } from './topicRows.ts';

/** A topic with one row a second from `first` on; rows may be added later, as a back-fill does. */
class Source {
  readonly seconds = new Set<number>();
  readonly asked: (readonly [number, number])[] = [];

  read = (begin: bigint, end: bigint): Promise<readonly RowBlock[]> => {
    this.asked.push([Number(begin) / 1e9, Number(end) / 1e9]);
    const found = [...this.seconds].sort((a, b) => a - b).map((s) => BigInt(s) * 1_000_000_000n);
    const keys = BigInt64Array.from(found.filter((k) => k >= begin && k < end));
    const block: RowBlock = {
      statement: 0,
      measurement: 'topic',
      columns: ['time', 'value'],
      rowCount: keys.length,
      timeHigh: Int32Array.from(keys, (k) => Number(k >> 32n)),
      timeLow: Uint32Array.from(keys, (k) => Number(k & 0xffff_ffffn)),
      numbers: [Float64Array.from(keys, (k) => Number(k / 1_000_000_000n))],
      texts: [null],
    };
    return Promise.resolve([block]);
  };

  add(from: number, to: number): void {
    for (let s = from; s < to; s++) this.seconds.add(s);
  }
}

const T = 1_764_000_000;
const values = async (rows: TopicRows, source: Source, from: number, to: number, now: number) => [
  ...((await rows.between(from * 1000, to * 1000, now, source.read)).columns[0] ?? []),
];
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('TopicRows', () => {
  it('reads only the end again, and each row once', async () => {
    const source = new Source();
    source.add(T, T + 100);
    const rows = new TopicRows(1);
    expect(await values(rows, source, T, T + 100, 0)).toEqual(range(T, T + 100));
    source.add(T + 100, T + 102);
    expect(await values(rows, source, T + 2, T + 102, 2_000)).toEqual(range(T + 2, T + 102));
    expect(source.asked[1]).toEqual([T + 90, T + 102]);
  });

  it('takes in a row that came late', async () => {
    const source = new Source();
    source.add(T, T + 95);
    const rows = new TopicRows(1);
    await values(rows, source, T, T + 100, 0);
    source.add(T + 95, T + 101);
    expect(await values(rows, source, T, T + 101, 1_000)).toEqual(range(T, T + 101));
  });

  it('reads all when an older begin is asked for', async () => {
    const source = new Source();
    source.add(T, T + 100);
    const rows = new TopicRows(1);
    await values(rows, source, T + 50, T + 100, 0);
    expect(await values(rows, source, T, T + 100, 1)).toEqual(range(T, T + 100));
  });

  it('sees a back-fill within seconds, and asks ever more seldom when nothing comes', async () => {
    const source = new Source();
    source.add(T + 50, T + 100);
    const rows = new TopicRows(1);
    await values(rows, source, T, T + 100, 0);
    source.add(T, T + 50);
    expect(await values(rows, source, T, T + 100, 12_000)).toEqual(range(T, T + 100));
    source.asked.length = 0;
    for (let s = 13; s < 613; s++) await values(rows, source, T, T + 100, s * 1000);
    expect(source.asked.length).toBeLessThan(10);
    expect(source.asked.length).toBeGreaterThan(3);
  });
});
