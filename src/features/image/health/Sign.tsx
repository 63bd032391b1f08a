/** Amber and red are never said by colour alone. */
import type { Severity } from '../../../core/measure/healthLimits.ts';

export const SIGNS: Readonly<Record<Severity, string>> = { amber: '▲', red: '●' };
const SPOKEN: Readonly<Record<Severity, string>> = { amber: 'out of range: ', red: 'far out of range: ' };

export function Sign({ severity }: { readonly severity: Severity }) {
  return (
    <>
      <span className={`health-sign health-${severity}`} aria-hidden="true">
        {SIGNS[severity]}
      </span>
      <span className="visually-hidden">{SPOKEN[severity]}</span>
    </>
  );
}
