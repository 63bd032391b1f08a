/** Where a typed number appears: any digit key opens it, Enter opens the exposure, Escape leaves. */
import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import type { ExposuresStore } from './exposuresStore.ts';

export function GoToField({ store }: { readonly store: ExposuresStore }) {
  const text = useStore(store, (s) => s.goTo);
  const busy = useStore(store, (s) => s.goToBusy);
  const problem = useStore(store, (s) => s.goToProblem);
  const input = useRef<HTMLInputElement>(null);
  const open = text !== null;
  useEffect(() => {
    if (open) input.current?.focus();
  }, [open]);
  if (!open) return null;
  return (
    <form
      className="exposures-goto"
      onSubmit={(event) => {
        event.preventDefault();
        void store.openTyped(text);
      }}
    >
      <label>
        <span className="muted">Go to</span>
        <input
          ref={input}
          className="mono"
          data-testid="goto-input"
          inputMode="numeric"
          autoComplete="off"
          placeholder="143 or 20261122 143"
          value={text}
          aria-invalid={problem !== null}
          aria-describedby="exposures-goto-answer"
          onChange={(event) => store.setGoTo(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') store.setGoTo(null);
          }}
          onBlur={() => {
            if (text.trim() === '') store.setGoTo(null);
          }}
        />
      </label>
      <p id="exposures-goto-answer" className="exposures-goto-answer" data-testid="goto-answer" role="status">
        {problem ?? (busy ? 'Looking…' : 'Enter opens it, Esc leaves.')}
      </p>
    </form>
  );
}
