/** How each mask plane is drawn over the image: by the plane's name, for the bits differ from file to file. */
import type { MaskColour } from '../../workers/image/contract.ts';

export interface MaskLook {
  readonly visible: boolean;
  /** #rrggbb */
  readonly colour: string;
  /** 0 cannot be seen, 1 hides the image. */
  readonly opacity: number;
}

export type MaskLooks = Readonly<Record<string, MaskLook>>;

/** Far enough from each other for the common kinds of colour blindness; the names are afw's. */
const COLOURS: Readonly<Record<string, string>> = {
  BAD: '#ff4d4d',
  SAT: '#4dff88',
  INTRP: '#33ccff',
  CR: '#ff66ff',
  EDGE: '#ffd966',
  SUSPECT: '#ffa64d',
  NO_DATA: '#b3b3b3',
  UNMASKEDNAN: '#ff8080',
  CROSSTALK: '#9980ff',
  DETECTED: '#3388ff',
};

export const FIRST_MASK_LOOKS: MaskLooks = {};

export function lookOf(looks: MaskLooks, plane: string): MaskLook {
  return looks[plane] ?? { visible: true, colour: COLOURS[plane] ?? '#ffffff', opacity: 0.6 };
}

/** Of the planes that are visible. */
export function maskColours(
  planes: Readonly<Record<string, number>>,
  looks: MaskLooks,
): readonly MaskColour[] {
  return Object.entries(planes).flatMap(([name, bit]) => {
    const { visible, colour, opacity } = lookOf(looks, name);
    if (!visible || opacity <= 0) return [];
    const channel = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
    return [{ bit, rgba: [channel(1), channel(3), channel(5), Math.round(opacity * 255)] as const }];
  });
}
