/** The pixels of a canvas, as the screen has them. */
import type { Page } from '@playwright/test';

/** One RGBA quadruple for each place (fractions of the pane). */
export async function coloursAt(
  page: Page,
  places: readonly (readonly [number, number])[],
  selector = '.image-canvas',
): Promise<number[][]> {
  return page.evaluate(
    async ({ fractions, which }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(which);
      if (!canvas) throw new Error('There is no image canvas.');
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d');
      if (!context) throw new Error('No 2d context.');
      context.drawImage(canvas, 0, 0);
      return fractions.map(([x, y]) => {
        const { data } = context.getImageData(
          Math.floor((x ?? 0) * canvas.width),
          Math.floor((y ?? 0) * canvas.height),
          1,
          1,
        );
        return [...data];
      });
    },
    { fractions: places, which: selector },
  );
}

/** The same in the grey colour map: how bright. */
export async function greyAt(page: Page, places: readonly (readonly [number, number])[]): Promise<number[]> {
  return (await coloursAt(page, places)).map(([red = 0]) => red);
}
