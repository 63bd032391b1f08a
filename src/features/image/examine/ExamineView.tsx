/** The star that was measured last: its numbers, its profile, and the others of the night as a table to save. */
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../../core/dataId.ts';
import type { Examination } from '../../../core/measure/examine.ts';
import { formatFixed } from '../../../core/units.ts';
import { saveCsv } from '../../../services/saveFile.ts';
import type { Examined, ImageStore } from '../imageState.ts';
import { Plot } from '../Plot.tsx';
import type { PlotTrace } from '../plot.ts';
import '../image.css';
import { examinedCsv, starFacts, starFlags } from './starFacts.ts';

export interface ExamineViewProps {
  readonly store: ImageStore;
  readonly theme?: string;
}

export function ExamineView({ store, theme }: ExamineViewProps) {
  const examined = useStore(store, (s) => s.examined);
  const [last] = examined;
  if (!last) {
    return (
      <p className="image-isr-none">Point at a star and press e: centroid, widths, flux, encircled energy.</p>
    );
  }
  return (
    <div className="image-examine" data-testid="examine">
      <Last last={last} {...(theme && { theme })} />
      {examined.length > 1 && <Earlier store={store} examined={examined} />}
    </div>
  );
}

function Last({ last, theme }: { readonly last: Examined; readonly theme?: string }) {
  const { exposure, at, star, failed } = last;
  return (
    <>
      <p className="image-examine-of">
        {exposureLabel(exposure)} at {at.x.toFixed(0)}, {at.y.toFixed(0)}
      </p>
      {failed && <p role="alert">Nothing was measured: {failed}.</p>}
      {star && (
        <>
          {starFlags(star).length > 0 && (
            <p className="image-isr-warning">
              <span aria-hidden="true">⚠</span> {starFlags(star).join(', ')}
            </p>
          )}
          <dl className="image-facts">
            {starFacts(star).map(({ name, value, error, unit, decimals }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="image-number" data-field={name}>
                  {value === null ? '–' : formatFixed(value, decimals)}
                  {error != null && Number.isFinite(error) && (
                    <span className="image-unit"> ±{formatFixed(error, decimals)}</span>
                  )}
                  <span className="image-unit"> {unit}</span>
                </dd>
              </div>
            ))}
          </dl>
          <Profile star={star} name={`profile-${exposure.exposure}`} {...(theme && { theme })} />
        </>
      )}
    </>
  );
}

interface ProfileProps {
  readonly star: Examination;
  readonly name: string;
  readonly theme?: string;
}

function Profile({ star, name, theme }: ProfileProps) {
  const traces = useMemo((): readonly PlotTrace[] => {
    const { profile, fitted, encircled } = star;
    const fit = fitted.moffat ?? fitted.gaussian;
    return [
      { name: 'profile', x: profile.radiusPx, y: profile.mean, error: profile.error, mode: 'markers' },
      ...(fit
        ? [{ name: fitted.moffat ? 'Moffat' : 'Gauss', x: fitted.radiusPx, y: fit, mode: 'lines' as const }]
        : []),
      { name: 'encircled', x: encircled.radiusPx, y: encircled.fraction, mode: 'lines', right: true },
    ];
  }, [star]);
  const layout = useMemo(
    () => ({ x: 'radius (px)', y: `value (${star.unit})`, right: 'encircled energy' }),
    [star.unit],
  );
  return (
    <Plot label="Radial profile" traces={traces} layout={layout} name={name} {...(theme && { theme })} />
  );
}

function Earlier({
  store,
  examined,
}: {
  readonly store: ImageStore;
  readonly examined: readonly Examined[];
}) {
  return (
    <details>
      <summary>{examined.length} measured</summary>
      <table className="image-examined">
        <thead>
          <tr>
            <th>exposure</th>
            <th>x px</th>
            <th>y px</th>
            <th>FWHM ″</th>
            <th>S/N</th>
          </tr>
        </thead>
        <tbody>
          {examined.map(({ exposure, star, at }, i) => (
            <tr key={examined.length - i}>
              <td>
                <button
                  type="button"
                  title="Look there"
                  onClick={() => {
                    const { view, display } = store.getState();
                    const scale = view === 'fit' ? 2 : view.devicePixelsPerPixel;
                    store.setView({
                      centre: star ?? at,
                      devicePixelsPerPixel: scale,
                      ...display.orientation,
                    });
                  }}
                >
                  {exposure.seqNum}
                </button>
              </td>
              <td className="image-number">{star ? formatFixed(star.x, 2) : '–'}</td>
              <td className="image-number">{star ? formatFixed(star.y, 2) : '–'}</td>
              <td className="image-number">
                {star?.fwhmArcsec == null ? '–' : formatFixed(star.fwhmArcsec, 2)}
              </td>
              <td className="image-number">{star ? formatFixed(star.signalToNoise, 0) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button
        type="button"
        className="image-button"
        onClick={() => saveCsv(examinedCsv(examined), 'stars.csv')}
      >
        CSV
      </button>
    </details>
  );
}
