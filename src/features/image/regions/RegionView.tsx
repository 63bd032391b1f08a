/** The tools to draw with, the regions that are there, and what lies inside of the selected one. */
import { useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { RegionFrames } from '../../../core/regions/coordinateFrame.ts';
import { writableFrames, writeDs9 } from '../../../core/regions/ds9Write.ts';
import type { Region } from '../../../core/regions/region.ts';
import { pixelFromSky, scaleArcsecPerPx, skyFromPixel } from '../../../core/sky/tangentPlane.ts';
import { formatFixed } from '../../../core/units.ts';
import { saveFile } from '../../../services/saveFile.ts';
import { OVERSCAN_SHOWN } from '../../../workers/image/contract.ts';
import type { OpenedImage, RegionAnswer, RegionUnit } from '../../../workers/image/contract.ts';
import { arrowOf, moveChosen } from '../arrowKeys.ts';
import type { ImageStore } from '../imageState.ts';
import { Plot } from '../Plot.tsx';
import type { PaneTools } from '../PanePointer.tsx';
import type { PlotTrace } from '../plot.ts';
import '../image.css';
import './regions.css';
import { RegionForm } from './RegionForm.tsx';
import { TOOLS, type RegionStore, type Tool } from './regionStore.ts';

const UNITS: readonly RegionUnit[] = ['adu', 'electron'];

export interface RegionViewProps {
  readonly image: ImageStore;
  readonly store: RegionStore;
  /** Of the pointer on the image: the arrow keys move here what they move there. */
  readonly tools: PaneTools;
  readonly theme?: string;
}

export function RegionView({ image, store, tools, theme }: RegionViewProps) {
  const { regions, selected, tool, answer, problem, skipped, unit } = useStore(store);
  const opened = useStore(image, (s) => s.shownAs);
  const crosshair = useStore(image, (s) => s.crosshair);
  const untrimmed = opened?.untrimmed === true;
  const said = problem ?? (untrimmed ? OVERSCAN_SHOWN : null);
  const chosen = regions.find(({ id }) => id === selected);
  const draw = (name: Tool) => {
    const { pointer } = image.getState();
    if (crosshair && pointer) store.drawAt(name, pointer);
    else store.setTool(tool === name ? null : name);
  };
  const moveByArrow = (event: React.KeyboardEvent) => {
    const arrow = arrowOf(event.key);
    const { ctrlKey, metaKey, altKey, shiftKey, target } = event;
    const elsewhere = ctrlKey || metaKey || altKey || (target as Element).matches('input, select');
    if (!arrow || elsewhere) return;
    if (moveChosen(image, tools, arrow, shiftKey)) event.preventDefault();
  };
  return (
    <div data-testid="region-view" onKeyDown={moveByArrow}>
      <div className="region-tools" role="toolbar" aria-label="Draw a region">
        {TOOLS.map((name) => (
          <button
            key={name}
            type="button"
            className="image-choice"
            disabled={untrimmed}
            aria-pressed={tool === name}
            title={
              crosshair
                ? `Draws a ${name} at the crosshair`
                : `Press and drag on the image to draw a ${name}; Escape draws nothing`
            }
            onClick={() => draw(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <Files store={store} regions={regions} opened={opened} />
      {said && <p role="alert">{said}</p>}
      {skipped.length > 0 && (
        <ul className="region-skipped" aria-label="Lines that were not read">
          {skipped.map(({ line, text, reason }) => (
            <li key={`${line}-${text}`}>
              line {line}: {reason} — <code>{text}</code>
            </li>
          ))}
        </ul>
      )}
      {regions.length === 0 && (
        <p className="image-isr-none">
          Choose a shape and drag on the image, or choose it while the crosshair (X) is on. Arrow keys move
          the chosen one by a pixel, with shift by 10; Delete removes it, D copies it.
        </p>
      )}
      <ul className="region-list">
        {regions.map((region) => (
          <li key={region.id} data-selected={region.id === selected}>
            <button
              type="button"
              aria-pressed={region.id === selected}
              onClick={() => store.select(region.id)}
            >
              {region.label || region.kind} <span className="muted">{placeText(region)}</span>
            </button>
            <button
              type="button"
              className="image-button"
              aria-label={`Delete ${region.label || region.kind}`}
              onClick={() => store.remove(region.id)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {chosen && <RegionForm key={chosen.id} store={store} region={chosen} />}
      {chosen && (
        <div className="image-group region-unit" role="group" aria-label="Unit of what is measured">
          {UNITS.map((name) => (
            <button
              key={name}
              type="button"
              className="image-choice"
              aria-pressed={(unit ?? opened?.unit) === name}
              title={`Values in ${name}, each pixel by the gain of its amplifier; the steps stay as they are`}
              onClick={() => store.setUnit(name)}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      {answer && <Answer answer={answer} {...(theme && { theme })} />}
    </div>
  );
}

function placeText(region: Region): string {
  const at =
    region.kind === 'line' ? region.from : region.kind === 'polygon' ? region.vertices[0] : region.centre;
  return at ? `${at.x.toFixed(0)}, ${at.y.toFixed(0)}` : '';
}

/** Sky coordinates by the tangent plane of the image, where it has one. */
export function framesOf(opened: OpenedImage | null): RegionFrames {
  const sky = opened?.sky;
  if (!sky || sky.kind === 'none') return {};
  const { plane } = sky;
  return {
    icrsFromPixel: (at) => skyFromPixel(plane, at),
    pixelFromIcrs: (at) => pixelFromSky(plane, at),
    scaleArcsecPerPx: scaleArcsecPerPx(plane),
  };
}

/** Above what readDs9 takes no file is worth reading. */
const LARGEST_FILE = 8_000_000;

interface FilesProps {
  readonly store: RegionStore;
  readonly regions: readonly Region[];
  readonly opened: OpenedImage | null;
}

function Files({ store, regions, opened }: FilesProps) {
  const input = useRef<HTMLInputElement>(null);
  const frames = framesOf(opened);
  return (
    <div className="region-tools">
      <input
        ref={input}
        type="file"
        accept=".reg,text/plain"
        hidden
        aria-label="DS9 region file"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file)
            void file
              .slice(0, LARGEST_FILE)
              .text()
              .then((text) => store.readFile(text, frames));
        }}
      />
      <button type="button" className="image-button" onClick={() => input.current?.click()}>
        Load DS9 file…
      </button>
      {writableFrames(frames).map((frame) => (
        <button
          key={frame}
          type="button"
          className="image-button"
          disabled={regions.length === 0}
          title={`DS9 region file in ${frame} coordinates`}
          onClick={() =>
            saveFile(
              new Blob([writeDs9(regions, frame, frames)], { type: 'text/plain' }),
              `regions-${frame}.reg`,
            )
          }
        >
          Save {frame}
        </button>
      ))}
      <button
        type="button"
        className="image-button"
        disabled={regions.length === 0}
        onClick={() => store.clear()}
      >
        Clear
      </button>
    </div>
  );
}

function Answer({ answer, theme }: { readonly answer: RegionAnswer; readonly theme?: string }) {
  const { statistics: s, unit, histogram, cut } = answer;
  const traces = useMemo((): readonly PlotTrace[] => {
    const step = (histogram.high - histogram.low) / histogram.counts.length;
    const x = Float64Array.from(histogram.counts, (_, i) => histogram.low + (i + 0.5) * step);
    return [{ name: 'pixels', x, y: histogram.counts, mode: 'lines' }];
  }, [histogram]);
  const layout = useMemo(() => ({ x: `value (${unit})`, y: 'pixels' }), [unit]);
  const facts: readonly (readonly [string, number, number])[] = [
    ['n', s.n, 0],
    ['without value', s.notFinite, 0],
    ['sum', s.sum, 0],
    ['mean', s.mean, 2],
    ['median', s.median, 2],
    ['robust σ', s.robustSigma, 2],
    ['σ', s.standardDeviation, 2],
    ['min', s.min, 1],
    ['max', s.max, 1],
    ['1 %', s.percentiles[1], 1],
    ['5 %', s.percentiles[5], 1],
    ['25 %', s.percentiles[25], 1],
    ['75 %', s.percentiles[75], 1],
    ['95 %', s.percentiles[95], 1],
    ['99 %', s.percentiles[99], 1],
  ];
  return (
    <div data-testid="region-statistics">
      {cut && <Cut cut={cut} unit={unit} {...(theme && { theme })} />}
      <dl className="image-facts">
        {facts.map(([name, value, decimals]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="image-number" data-field={name}>
              {formatFixed(value, decimals)}
            </dd>
          </div>
        ))}
      </dl>
      <p className="image-readout-note">values in {unit}</p>
      <Plot
        label="Histogram"
        traces={traces}
        layout={layout}
        name="region-histogram"
        {...(theme && { theme })}
      />
    </div>
  );
}

interface CutProps {
  readonly cut: NonNullable<RegionAnswer['cut']>;
  readonly unit: string;
  readonly theme?: string;
}

function Cut({ cut, unit, theme }: CutProps) {
  const traces = useMemo(
    (): readonly PlotTrace[] => [{ name: 'cut', x: cut.positionsPx, y: cut.values, mode: 'lines' }],
    [cut],
  );
  const layout = useMemo(() => ({ x: 'along the line (px)', y: `value (${unit})` }), [unit]);
  return (
    <>
      <p className="image-examine-of" data-testid="cut-width">
        {cut.width
          ? `FWHM ${formatFixed(cut.width.fwhmPx, 2)} px, peak ${formatFixed(cut.width.peak, 1)} ${unit} above its ends`
          : 'No peak on this line.'}
      </p>
      <Plot label="Cut along the line" traces={traces} layout={layout} name="cut" {...(theme && { theme })} />
    </>
  );
}
