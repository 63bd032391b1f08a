/** The word for what is wrong: the biggest thing on the screen while it is. */
import type { AppError } from '../../core/errors.ts';
import type { LateImage, StoppedStage } from '../../features/exposures/lateImage.ts';
import type { ScreenAccess } from './screenAccess.ts';

export interface Trouble {
  readonly word: string;
  readonly sentence: string;
}

export interface TroubleFacts {
  readonly access: ScreenAccess | null;
  /** Why the screen could not start; it tries again by itself. */
  readonly starting: AppError | null;
  /** Why the list of exposures does not advance. */
  readonly stale: AppError | null;
  readonly late: LateImage | null;
}

const WORDS: Readonly<Record<StoppedStage, string>> = {
  registry: 'No registry',
  decode: 'Bad image',
  ingest: 'File refused',
  exposing: 'No readout',
  readout: 'Readout stuck',
  landing: 'File missing',
  camera: 'Camera idle',
  unknown: 'No image',
};

export function troubleOf({ access, starting, stale, late }: TroubleFacts): Trouble | null {
  if (access?.kind === 'ended') {
    return {
      word: 'Access ended',
      sentence: "This screen's access ended: sign in once and make it a kiosk screen again.",
    };
  }
  if (starting) return { word: 'Not started', sentence: starting.message };
  if (!late) return null;
  const noService = late.stage === 'registry' && stale?.tag === 'Unreachable';
  return { word: noService ? 'No service' : WORDS[late.stage], sentence: late.sentence };
}
