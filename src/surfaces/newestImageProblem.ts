/** Why the newest exposure's image is not on the screen although it was tried: what the late alarm tells. */
import { exposureLabel } from '../core/dataId.ts';
import { newestExposure, type ExposuresState } from '../features/exposures/exposuresStore.ts';
import type { LateImageFacts } from '../features/exposures/lateImage.ts';
import { cannotDraw, type ImageState } from '../features/image/imageState.ts';

/** An older exposure that was asked for is no matter of the alarm. */
export function newestImageProblem(
  exposures: ExposuresState,
  image: Pick<ImageState, 'wanted' | 'error' | 'drawn'>,
): LateImageFacts['imageProblem'] {
  const { wanted, error } = image;
  if (!error || !wanted || wanted.exposure !== newestExposure(exposures)?.exposure) return null;
  // Both are said in a place of their own.
  if (error.tag === 'AccessDenied' || cannotDraw(image)) return null;
  return { exposure: wanted.exposure, sentence: `${exposureLabel(wanted)}: ${error.message}` };
}
