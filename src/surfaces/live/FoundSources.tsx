/** The sources of the image of a kiosk or panel, as markers. */
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { guessPlaces, placesOf } from '../../core/catalogue/places.ts';
import { Markers, NONE } from '../../features/image/catalogue/CatalogueOverlay.tsx';
import { sourcesTable } from '../../features/image/catalogue/sourcesTable.ts';
import type { ImageStore } from '../../features/image/imageState.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';

export default function FoundSources({ image }: { readonly image: ImageStore }) {
  const drawn = useStore(image, (s) => s.drawn);
  const shownAs = useStore(image, (s) => s.shownAs);
  const [found, setFound] = useState<{ readonly of: OpenedImage; readonly at: Float64Array } | null>(null);
  useEffect(() => {
    if (!shownAs || shownAs.preview) return;
    let gone = false;
    image.sources().then(
      (answer) => {
        const table = answer && sourcesTable(answer);
        const where = table && guessPlaces(table);
        if (!gone && where) setFound({ of: shownAs, at: placesOf(table, where) });
      },
      // The image was replaced meanwhile, or has no light: then there is nothing to mark.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [image, shownAs]);
  if (!drawn || !found || found.of !== shownAs) return null;
  const { view, pane } = drawn;
  return (
    <svg
      className="image-overlay"
      data-testid="catalogues"
      viewBox={`0 0 ${pane.width} ${pane.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <Markers
        catalogue={{ name: 'sources', colour: 'green', at: found.at }}
        chosen={NONE}
        view={view}
        pane={pane}
      />
    </svg>
  );
}
