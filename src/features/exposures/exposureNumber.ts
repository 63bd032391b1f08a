/** How people name an exposure by typing, and how its fields are written where there is little room. */

import type { Exposure } from '../../core/dataId.ts';

export type TypedNumber =
  | { readonly kind: 'tonight'; readonly seqNum: number }
  | { readonly kind: 'night'; readonly dayObs: number; readonly seqNum: number };

/** `143` is of tonight; `20261122 143`, also with `/`, `.` or `-` between, is of that night. Undefined for all else. */
export function parseTypedNumber(text: string): TypedNumber | undefined {
  const both = /^(\d{8})[\s/.-]+(\d{1,6})$/.exec(text.trim());
  if (both) return { kind: 'night', dayObs: Number(both[1]), seqNum: Number(both[2]) };
  const alone = /^\d{1,6}$/.exec(text.trim());
  return alone ? { kind: 'tonight', seqNum: Number(alone[0]) } : undefined;
}

/** As in the header's IMGTYPE: what observers call OBJECT, the registry calls `science` or `science/object`. */
export function typeLabel(observationType: string): string {
  const label = observationType.slice(observationType.lastIndexOf('/') + 1).toUpperCase();
  return label === 'SCIENCE' ? 'OBJECT' : label;
}

/** Empty where the header only repeats the type, as for many a bias. */
export function targetLabel(e: Pick<Exposure, 'targetName' | 'observationType'>): string {
  return e.targetName.toUpperCase() === typeLabel(e.observationType) ? '' : e.targetName;
}

/** `SDSSr_65mm~holo4_003` is `SDSSr~holo4_003`: all LATISS filters are 65 mm. */
export function filterLabel(physicalFilter: string): string {
  return physicalFilter.replace(/_65mm(?=~|$)/, '');
}
