/** Units that appear in readouts, and how a number of that unit is written. */

/** Fixed decimals with a true minus sign, so that columns of numbers line up. */
export function formatFixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toFixed(decimals).replace('-', '−');
}

/** "7 s", "3 min 20 s", "2 h 05 min": ages as they are said, never with more precision than helps. */
export function formatAge(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
}
