/** What of an image places it beside another: its amplifiers' pixels, with or without overscan about them, and its sky. */
import type { Lockable } from '../../core/camera/lock.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';

export function lockable({ amplifiers, sky }: OpenedImage): Lockable {
  return {
    amplifiers: amplifiers.map(({ name, box, data }) => ({ name, box: data ?? box })),
    plane: sky.kind === 'none' ? null : sky.plane,
  };
}
