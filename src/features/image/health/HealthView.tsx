/** Measures the raw of the exposure on the screen, as long as somebody looks, and shows how its night went. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel, type Exposure } from '../../../core/dataId.ts';
import { toAppError } from '../../../core/errors.ts';
import type { HealthQuantity } from '../../../core/measure/healthLimits.ts';
import { healthTrend, type HealthTrend, type MeasuredExposure } from '../../../core/measure/healthTrend.ts';
import type { NightAmplifiers } from '../../../services/butler/nightAmplifiers.ts';
import type { DetectorHealth } from '../../../workers/image/contract.ts';
import type { ImageStore } from '../imageState.ts';
import { AmplifierHealth } from './AmplifierHealth.tsx';
import { serviceTrend } from './serviceTrend.ts';

export interface HealthViewProps {
  readonly store: ImageStore;
  /** What the service has measured of a night. */
  readonly fetchNight: (dayObs: number) => Promise<NightAmplifiers>;
  readonly onMeasured: (exposure: Exposure) => void;
}

interface Measured extends DetectorHealth {
  readonly exposure: number;
  readonly label: string;
}

export function HealthView({ store, fetchNight, onMeasured }: HealthViewProps) {
  const shown = useStore(store, (s) => s.shown);
  const places = useStore(store, (s) => s.shownAs?.amplifiers);
  const previewed = useStore(store, (s) => s.shownAs?.preview != null);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const night = useRef(new Map<number, MeasuredExposure>());
  const [version, setVersion] = useState(0);
  const [serviceNight, setServiceNight] = useState<NightAmplifiers | null>(null);
  const dayObs = shown?.dayObs;
  useEffect(() => {
    if (dayObs === undefined) return;
    let current = true;
    // A service that cannot tell leaves what was measured here.
    fetchNight(dayObs).then(
      (fetched) => current && setServiceNight(fetched),
      () => current && setServiceNight(null),
    );
    return () => {
      current = false;
    };
  }, [fetchNight, dayObs, version]);
  useEffect(() => {
    // Nothing is measured on a preview.
    if (!shown || previewed) return;
    let current = true;
    store.health().then(
      (health) => {
        if (!current || !health) return;
        const { exposure, seqNum, observationType, dayObs } = shown;
        setMeasured({ ...health, exposure, label: exposureLabel(shown) });
        setProblem(null);
        // Nights are not mixed: what was measured of another one ends here.
        for (const id of night.current.keys()) {
          if (Math.floor(id / 100_000) !== dayObs && Math.floor(exposure / 100_000) === dayObs)
            night.current.delete(id);
        }
        night.current.set(exposure, {
          exposure,
          seqNum,
          observationType,
          health: health.amplifiers,
          correlation: health.correlation,
        });
        setVersion((before) => before + 1);
        onMeasured(shown);
      },
      (thrown: unknown) => current && setProblem(toAppError(thrown).message),
    );
    return () => {
      current = false;
    };
  }, [store, shown, previewed, onMeasured]);
  const trendOf = useMemo(() => {
    // Until another exposure has been measured each quantity has one trend.
    const known = new Map<HealthQuantity, HealthTrend>();
    return (quantity: HealthQuantity): HealthTrend => {
      const measure = () =>
        serviceNight && serviceNight.exposures.length > night.current.size
          ? serviceTrend(serviceNight, quantity)
          : healthTrend([...night.current.values()], quantity);
      const trend = known.get(quantity) ?? measure();
      known.set(quantity, trend);
      return trend;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the version stands for the exposures measured so far
  }, [version, serviceNight]);
  const amplifiers = useMemo(
    () => (places ?? []).map(({ name, box }) => ({ name, detector: box })),
    [places],
  );
  return (
    <div data-testid="amplifier-health" data-exposure={measured?.exposure ?? ''}>
      {problem && <p role="alert">{problem}</p>}
      <AmplifierHealth
        health={measured?.amplifiers ?? null}
        correlation={measured?.correlation ?? null}
        amplifiers={amplifiers}
        pending={shown !== null && measured?.exposure !== shown.exposure && problem === null}
        exposure={measured?.exposure ?? null}
        exposureLabel={measured?.label ?? null}
        trendOf={trendOf}
      />
    </div>
  );
}
