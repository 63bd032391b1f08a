/** The cards of the exposure on the screen, HDU by HDU: to search, to copy, to compare with another exposure's. */
import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import type { HduHeader, HeaderCard } from '../../workers/image/contract.ts';
import { cardText, headerRows } from './headerRows.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

interface Held {
  readonly label: string;
  readonly hdus: readonly HduHeader[];
}

export function HeaderView({ store }: { readonly store: ImageStore }) {
  // A preview has no headers: those of the image before stay until the pixels are there.
  const shown = useStore(store, (s) => (s.shownAs?.preview ? null : s.shown));
  const [held, setHeld] = useState<Held | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [pinned, setPinned] = useState<Held | null>(null);
  const [hduIndex, setHduIndex] = useState(0);
  const [search, setSearch] = useState('');
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [copied, setCopied] = useState<string | null>(null);
  useEffect(() => {
    if (!shown) return;
    let current = true;
    store.headers().then(
      (hdus) => {
        if (!current) return;
        setHeld({ label: exposureLabel(shown), hdus });
        setProblem(null);
      },
      (thrown: unknown) => current && setProblem(toAppError(thrown).message),
    );
    return () => {
      current = false;
    };
  }, [store, shown]);
  const rows = useMemo(
    () => headerRows(held?.hdus[hduIndex], pinned?.hdus[hduIndex], search, onlyDifferent && pinned !== null),
    [held, pinned, hduIndex, search, onlyDifferent],
  );
  const copy = (card: HeaderCard) => {
    const text = `${card.keyword.padEnd(8)}= ${card.value}${card.comment ? ` / ${card.comment}` : ''}`;
    void navigator.clipboard?.writeText(text).then(
      () => setCopied(card.keyword),
      () => setCopied(null),
    );
  };
  // Also those that only the other exposure has.
  const hdus = [...(held?.hdus ?? []), ...(pinned?.hdus.slice(held?.hdus.length) ?? [])];
  if (!held) return <p className="image-isr-none">{problem ?? 'No image yet'}</p>;
  return (
    <div className="image-header-view" data-testid="header-view">
      <div className="image-header-tools">
        <input
          type="search"
          className="image-header-search"
          placeholder="search keyword, value, comment"
          aria-label="Search the header"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <select
          className="image-select"
          aria-label="HDU"
          value={hduIndex}
          onChange={(event) => setHduIndex(Number(event.target.value))}
        >
          {hdus.map(({ index, name }) => (
            <option key={index} value={index}>
              {index} {name || (index === 0 ? 'PRIMARY' : '')}
            </option>
          ))}
        </select>
        <button type="button" className="image-button" onClick={() => setPinned(pinned ? null : held)}>
          {pinned ? 'Stop comparing' : 'Compare with this'}
        </button>
        {pinned && (
          <label className="image-header-different">
            <input
              type="checkbox"
              checked={onlyDifferent}
              onChange={(event) => setOnlyDifferent(event.target.checked)}
            />
            differences only
          </label>
        )}
      </div>
      <p className="image-header-about" aria-live="polite">
        {held.label}
        {pinned && ` against ${pinned.label}`} · {rows.length} cards
        {copied && ` · copied ${copied}`}
      </p>
      <table className="image-header-table">
        <thead className="visually-hidden">
          <tr>
            <th>keyword</th>
            <th>value and comment</th>
            {pinned && <th>{pinned.label}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ card, other }, i) => {
            // Of a card that only the other has, that one is named and copied.
            const named = card ?? other;
            if (!named) return null;
            return (
              <tr
                // A keyword may come many times (COMMENT, HISTORY).
                key={`${named.keyword}-${i}`}
                data-different={pinned !== null && (!card || !other || cardText(card) !== cardText(other))}
              >
                <th scope="row">
                  <button type="button" title="Copy this card" onClick={() => copy(named)}>
                    {named.keyword || '·'}
                  </button>
                </th>
                <td>
                  <span className="image-number">{card ? card.value : 'absent'}</span>
                  <span className="image-header-comment">{card?.comment}</span>
                </td>
                {pinned && <td className="image-number">{other ? cardText(other) : 'absent'}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
