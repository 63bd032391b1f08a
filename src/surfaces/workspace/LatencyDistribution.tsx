/** How many of the night's exposures took how long, of one stage or of the whole. */
import { useMemo } from 'react';
import { latencyHistogram, type LatencyName, type LedgerOfExposure } from '../../core/nightLatency.ts';
import { latencyWords } from '../../features/exposures/stageWords.ts';
import { Plot } from '../../features/image/Plot.tsx';

export interface LatencyDistributionProps {
  readonly all: readonly LedgerOfExposure[];
  readonly stage: LatencyName;
  readonly theme: string;
}

export function LatencyDistribution({ all, stage, theme }: LatencyDistributionProps) {
  const { binMs, middlesMs, counts } = useMemo(() => latencyHistogram(all, stage), [all, stage]);
  const traces = useMemo(
    () => [{ name: stage, x: middlesMs, y: counts, mode: 'bars' as const }],
    [stage, middlesMs, counts],
  );
  const layout = useMemo(() => ({ x: `ms, in bins of ${binMs} ms`, y: 'exposures' }), [binMs]);
  return (
    <Plot
      label={`Distribution: ${latencyWords(stage)}`}
      traces={traces}
      layout={layout}
      name={`latency-${stage.replaceAll(' ', '-')}-${all.at(-1)?.exposure ?? ''}`}
      theme={theme}
    />
  );
}
