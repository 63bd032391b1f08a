import { describe, expect, it } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import { bandOf, bandsIn, exposureAt, labelledBands, type Band } from './bands.ts';

const T = Date.UTC(2026, 10, 22, 4, 12);
const exposure = (seqNum: number, beginMs: number, endMs: number) =>
  ({
    exposure: 2026112100000 + seqNum,
    seqNum,
    shutterOpenTai: taiFromUnixMs(T + beginMs),
    shutterCloseTai: taiFromUnixMs(T + endMs),
  }) as Exposure;
const night = Array.from({ length: 40 }, (_, i) => exposure(i, i * 15_000, i * 15_000 + 8_000));

describe('bands', () => {
  it('are the registry’s TAI intervals in UTC', () => {
    const one = { ...exposure(1, 0, 8_000), shutterOpenTai: BigInt(T + 37_000) * 1_000_000n };
    expect(bandOf(one).beginUnixMs).toBe(T);
  });

  it('stand alone while they are wide enough, and run together in a long night', () => {
    const close = bandsIn(night, T, T + 600_000, 900, null);
    expect(close.single).toHaveLength(40);
    expect(close.merged).toHaveLength(0);
    const far = bandsIn(night, T - 12 * 3_600_000, T + 600_000, 900, null);
    expect(far.single).toHaveLength(0);
    expect(far.merged).toHaveLength(1);
  });

  it('never merge the selected exposure, and drop those outside', () => {
    const far = bandsIn(night, T - 12 * 3_600_000, T + 600_000, 900, 2026112100007);
    expect(far.single.map((b) => b.seqNum)).toEqual([7]);
    expect(bandsIn(night, T + 3_600_000, T + 7_200_000, 900, 2026112100007).single).toHaveLength(0);
  });

  it('carry round numbers as far as there is room, and the selected one always', () => {
    const bands = night.map(bandOf).toReversed();
    // 10 px from one to the next: room for each fifth.
    const middleOf = ({ beginUnixMs }: Band) => (beginUnixMs - T) / 1_500;
    const numbers = (selected: number | null) =>
      [...labelledBands(bands, selected, middleOf)].map((e) => e - 2026112100000).sort((a, b) => a - b);
    expect(numbers(null)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
    expect(numbers(2026112100039)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 39]);
    // The selected number wins over a round one beside it.
    expect(numbers(2026112100036)).toEqual([0, 5, 10, 15, 20, 25, 30, 36]);
    expect(labelledBands([], null, middleOf).size).toBe(0);
  });

  it('find the exposure under a click', () => {
    expect(exposureAt(night, T + 15_000 + 4_000, 0)?.seqNum).toBe(1);
    expect(exposureAt(night, T + 12_000, 1_000)).toBeUndefined();
    expect(exposureAt(night, T + 14_500, 1_000)?.seqNum).toBe(1);
  });
});
