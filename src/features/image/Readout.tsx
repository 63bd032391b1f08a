/** The pixel under the pointer. Its places are fixed, so that nothing moves while the numbers change. */
import { useStore } from 'zustand';
import { formatFixed } from '../../core/units.ts';
import './image.css';
import type { ImageStore } from './imageStore.ts';

export function Readout({ store }: { readonly store: ImageStore }) {
  const readout = useStore(store, (s) => s.readout);
  const known = readout !== null;
  return (
    <div className="image-readout" data-testid="readout">
      <dl className="image-readout-items">
        <Item name="x" value={known ? String(readout.at.x) : '–'} />
        <Item name="y" value={known ? String(readout.at.y) : '–'} />
        <Item name="amplifier" value={known ? readout.amplifier : '–'} />
        <Item name="value" unit="adu" value={known ? valueText(readout.valueAdu) : '–'} />
        <Item name="raw" unit="adu" value={known ? String(readout.rawAdu) : '–'} />
      </dl>
      <p className="image-readout-note">{known && readout.saturated ? '▲ saturated' : ''}</p>
    </div>
  );
}

function valueText(valueAdu: number): string {
  return Number.isFinite(valueAdu) ? formatFixed(valueAdu, 1) : 'no value';
}

interface ItemProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
}

function Item({ name, value, unit }: ItemProps) {
  return (
    <div className="image-readout-item">
      <dt>{name}</dt>
      <dd className="image-number" data-field={name}>
        {value}
        {unit && <span className="image-unit"> {unit}</span>}
      </dd>
    </div>
  );
}
