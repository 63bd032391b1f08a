/** What was done to the pixels, with which calibs, and what was left out and why. */
import { useStore } from 'zustand';
import type { IsrStep } from '../../workers/image/contract.ts';
import './image.css';
import type { ImageStore } from './imageStore.ts';

export function IsrSteps({ store }: { readonly store: ImageStore }) {
  const opened = useStore(store, (s) => s.shownAs);
  return (
    <div className="image-isr" data-testid="isr-steps" data-exposure={opened?.exposure ?? ''}>
      <ul className="image-isr-list">
        {opened?.steps.map((step) => <Step key={step.name} step={step} />) ?? (
          <li className="image-isr-none">No image yet</li>
        )}
      </ul>
      {opened?.warnings.map((warning) => (
        <p key={warning} className="image-isr-warning">
          <span aria-hidden="true">⚠</span> {warning}
        </p>
      ))}
    </div>
  );
}

function Step({ step }: { readonly step: IsrStep }) {
  const { name, done } = step;
  const remark = done ? step.with : step.skippedBecause;
  return (
    <li className="image-isr-step" data-step={name} data-done={done}>
      <span className={done ? 'image-isr-done' : 'image-isr-skipped'}>
        <span aria-hidden="true">{done ? '✓' : '–'}</span>
        <span className="image-isr-state">{done ? 'done' : 'skipped'}</span>
      </span>
      <span>{name}</span>
      <span className="image-isr-remark" title={step.dataset ? `dataset ${step.dataset}` : undefined}>
        {remark}
      </span>
    </li>
  );
}
