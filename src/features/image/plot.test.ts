import { expect, it } from 'vitest';
import { plotCsv } from './plot.ts';

it('saves the traces one below the other, without values that are not there and without formulas', () => {
  const traces = [
    { name: '=cmd()', x: [0, 1], y: [5, NaN] },
    { name: 'mean, "row"', x: [0], y: [-7], error: [0.5] },
  ];
  expect(plotCsv(traces, { x: '-x', y: 'adu', right: 'share' })).toBe(
    'trace,\'-x,adu; share,error\r\n\'=cmd(),0,5,\r\n\'=cmd(),1,,\r\n"mean, ""row""",0,-7,0.5\r\n',
  );
});
