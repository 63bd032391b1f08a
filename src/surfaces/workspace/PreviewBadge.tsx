/** Over a picture that is not the pixels, so that nobody takes it for them. */
import { useStore } from 'zustand';
import type { ImageStore } from '../../features/image/imageState.ts';

export function PreviewBadge({ image }: { readonly image: ImageStore }) {
  const preview = useStore(image, (s) => s.shownAs?.preview ?? null);
  const onItsWay = useStore(image, (s) => s.status === 'loading');
  if (!preview) return null;
  const { binPx, share } = preview;
  return (
    <div className="image-preview-place">
      <p className="image-preview" data-testid="image-preview">
        {share < 1 ? `${(100 * share).toFixed(0)} % of the detector, ` : 'Preview '}
        {`${binPx}×${binPx} px cells`}
        {onItsWay ? ' · full pixels are on their way' : ''}
        {share === 1 && !onItsWay && (
          <button
            type="button"
            className="image-button"
            title="The true pixels (T)"
            onClick={() => image.openFull()}
          >
            Full pixels
          </button>
        )}
      </p>
    </div>
  );
}
