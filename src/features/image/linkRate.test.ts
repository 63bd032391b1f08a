import { describe, expect, it } from 'vitest';
import { LinkRate } from './linkRate.ts';

function clocked() {
  let at = 0;
  const rate = new LinkRate(() => at);
  return { rate, wait: (ms: number) => (at += ms) };
}

describe('LinkRate', () => {
  it('knows nothing before a download was long enough', () => {
    const { rate, wait } = clocked();
    rate.begin();
    expect(rate.note(1000)).toBe(false);
    wait(300);
    expect(rate.note(500_000)).toBe(false);
    expect(rate.secondsFor(1)).toBeNaN();
  });

  it('tells how long so many bytes take, from the first that came', () => {
    const { rate, wait } = clocked();
    rate.begin();
    rate.note(100_000);
    wait(500);
    expect(rate.note(1_350_000)).toBe(true);
    // 20 Mbit/s.
    expect(rate.secondsFor(17_500_000)).toBeCloseTo(7, 9);
  });

  it('forgets a slow link when a download is over sooner than it would have been', () => {
    const { rate, wait } = clocked();
    rate.begin();
    rate.note(0);
    wait(1000);
    rate.note(1_000_000);
    expect(rate.secondsFor(10_000_000)).toBeCloseTo(10, 9);
    rate.begin();
    rate.note(0);
    wait(100);
    rate.note(4_000_000);
    expect(rate.secondsFor(10_000_000)).toBeCloseTo(1, 9);
  });
});
