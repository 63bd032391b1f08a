/** The pixel under the pointer. Its places are fixed, so that nothing moves while the numbers change. */
import { useStore } from 'zustand';
import { formatRaDec } from '../../core/sky/tangentPlane.ts';
import { formatFixed } from '../../core/units.ts';
import type { PixelReadout } from '../../workers/image/contract.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

const NOTHING = '–';

export function Readout({ store }: { readonly store: ImageStore }) {
  const readout = useStore(store, (s) => s.readout);
  const sky = useStore(store, (s) => s.shownAs?.sky);
  const of = (text: (known: PixelReadout) => string) => (readout ? text(readout) : NOTHING);
  return (
    <div className="image-readout" data-testid="readout">
      <dl className="image-readout-items">
        <Item name="x" value={of(({ at }) => (at ? String(at.x) : NOTHING))} />
        <Item name="y" value={of(({ at }) => (at ? String(at.y) : NOTHING))} />
        <Item
          name="amplifier"
          label={!readout || readout.part === 'data' ? 'amplifier' : readout.part}
          value={of(({ amplifier }) => amplifier)}
        />
        <Item name="value" unit="adu" value={of(({ valueAdu }) => valueText(valueAdu))} />
        <Item name="electron" unit="e⁻" value={of(({ valueElectron }) => valueText(valueElectron))} />
        <Item name="raw" unit="adu" value={of(({ rawAdu }) => String(rawAdu))} />
        <Item name="amp x" value={of(({ ampRaw }) => String(ampRaw.x))} />
        <Item name="amp y" value={of(({ ampRaw }) => String(ampRaw.y))} />
        <Item
          name="mask"
          value={of(
            ({ mask, saturated }) =>
              [...mask, ...(saturated && !mask.includes('SAT') ? ['saturated'] : [])].join(' ') || 'none',
          )}
        />
        <Item name="RA Dec" value={of(({ sky: at }) => (at ? formatRaDec(at) : 'no WCS'))} wide />
      </dl>
      <p className="image-readout-note">
        {sky && (sky.kind === 'none' ? sky.reason : sky.label)}
        {sky && sky.kind !== 'none' && sky.note && (
          <span className="image-readout-refused" title={sky.note}>
            {' '}
            · {sky.note}
          </span>
        )}
      </p>
    </div>
  );
}

/** NaN is a pixel without a value; null a unit that cannot be worked out. */
function valueText(value: number | null): string {
  if (value === null) return 'no gain';
  return Number.isFinite(value) ? formatFixed(value, 1) : 'no value';
}

interface ItemProps {
  readonly name: string;
  /** Where it is not the name. */
  readonly label?: string;
  readonly value: string;
  readonly unit?: string;
  readonly wide?: boolean;
}

function Item({ name, label = name, value, unit, wide = false }: ItemProps) {
  return (
    <div className={wide ? 'image-readout-item image-readout-wide' : 'image-readout-item'}>
      <dt>{label}</dt>
      <dd className="image-number" data-field={name}>
        {value}
        {unit && <span className="image-unit"> {unit}</span>}
      </dd>
    </div>
  );
}
