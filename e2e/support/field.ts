/** Exposures of stars, with what the simulator put into them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { nextLiveExposure, waitForExposure } from './pane.ts';
import type { Site } from './site.ts';

export interface Star {
  readonly x_px: number;
  readonly y_px: number;
  readonly ra_deg: number;
  readonly dec_deg: number;
  readonly electrons: number;
}

export interface Truth {
  readonly stars?: readonly Star[];
  /** Faults on purpose, and a bump of the mount: both move the light about. */
  readonly planted: readonly string[];
  readonly mount_step: unknown;
  /** Its name, where one is planted. */
  readonly noisy_amplifier: string | null;
  readonly amplifiers: readonly {
    readonly name: string;
    readonly noise_electron: number;
    readonly gain_electron_per_adu: number;
  }[];
  readonly psf?: { readonly fwhm_arcsec: number; readonly fwhm_px: number; readonly donut_radius_px: number };
}

/** What the simulator put into an exposure. */
function truthOf(site: Site, exposure: number): Truth {
  const folder = join(site.stateDir, 'truth');
  const obsId = `${Math.floor(exposure / 100_000)}_${String(exposure % 100_000).padStart(6, '0')}`;
  const name = readdirSync(folder).find((each) => each.includes(obsId));
  if (!name) throw new Error(`No truth about ${obsId}.`);
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Truth;
}

/** An exposure of stars in focus, opened, with what is true of it. */
export async function openField(page: Page, site: Site): Promise<{ exposure: number; truth: Truth }> {
  await nextLiveExposure(page);
  return openOne(
    page,
    site,
    ({ planted, mount_step, psf, stars }) =>
      planted.length === 0 &&
      mount_step === null &&
      (psf?.donut_radius_px ?? 99) <= 2 &&
      (stars?.length ?? 0) >= 5,
  );
}

/** One with an amplifier that is six times as noisy as it should be. */
export function openNoisy(page: Page, site: Site): Promise<{ exposure: number; truth: Truth }> {
  return openOne(page, site, ({ noisy_amplifier }) => noisy_amplifier !== null);
}

/** The newest such exposure of the sky without a grating; one is waited for while there is none. */
async function openOne(
  page: Page,
  site: Site,
  isWanted: (truth: Truth) => boolean,
): Promise<{ exposure: number; truth: Truth }> {
  for (;;) {
    const exposures = await page.evaluate(async () => {
      const { upserted } = (await (await fetch('api/repositories/OODS/exposures')).json()) as {
        upserted: { exposure: number; observationType: string; physicalFilter: string; raws: unknown[] }[];
      };
      return upserted.filter(
        ({ observationType, physicalFilter, raws }) =>
          raws.length > 0 &&
          physicalFilter.endsWith('~empty') &&
          ['acq', 'science'].includes(observationType),
      );
    });
    for (const { exposure } of exposures) {
      const truth = truthOf(site, exposure);
      if (!isWanted(truth)) continue;
      await page.evaluate((id) => window.summitNotebook?.open({ exposure: id }), exposure);
      await waitForExposure(page, exposure);
      return { exposure, truth };
    }
    await nextLiveExposure(page);
  }
}

/** Bright, alone, well inside of the frame and below saturation. */
export function goodStar({ stars = [] }: Truth): Star {
  const inside = stars.filter(({ x_px: x, y_px: y }) => x > 300 && x < 3700 && y > 300 && y < 3700);
  const alone = inside.filter((star) =>
    stars.every(
      (other) =>
        other === star ||
        Math.hypot(other.x_px - star.x_px, other.y_px - star.y_px) > 60 ||
        other.electrons < star.electrons / 50,
    ),
  );
  const [best] = alone
    .filter(({ electrons }) => electrons < 800_000)
    .toSorted((a, b) => b.electrons - a.electrons);
  if (!best) throw new Error('No star is bright and alone here.');
  return best;
}
