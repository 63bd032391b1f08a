/**
 * One star measured on a cutout. Formulas, sources and accuracy: docs/measurements.md. Positions are detector pixels,
 * lengths px, light and noise in the cutout's unit; summit_notebook/measure repeats every step in Python.
 */
import type { DetectorPixel } from '../frames.ts';
import { peaksOf, SMOOTHING_SIGMA_PX, smoothed } from './peaks.ts';
import type { Peak } from './peaks.ts';
import type { Plane } from './plane.ts';
import type { Centre, RadialProfile } from './radial.ts';
import { apertureSum, encircledEnergy, fwhmOfProfile, radialProfile } from './radial.ts';
import type { Sky } from './sky.ts';
import { skyAround, withoutSky } from './sky.ts';
import type { StarFit } from './starFits.ts';
import { fitStar, fractionWithin, profileOfFit } from './starFits.ts';
import type { Noise, Windowed } from './window.ts';
import { windowed } from './window.ts';

/** Pixels behind ISR, row-major, y upwards; the first one is the detector's (x0, y0). */
export interface Cutout {
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  readonly unit: 'adu' | 'electron';
  /** Not 0 where a pixel must not count. */
  readonly mask?: Int32Array;
}

/** What is known of the camera where a star is. */
export interface StarCamera {
  readonly gainElectronPerAdu: number | null;
  readonly readNoiseElectron: number | null;
  /** In the cutout's unit, behind ISR. */
  readonly saturation: number | null;
  readonly plateScaleArcsecPerPx: number | null;
}

export interface ExamineOptions extends StarCamera {
  readonly searchRadiusPx?: number;
}

export interface Examination {
  readonly unit: 'adu' | 'electron';
  readonly x: number;
  readonly y: number;
  readonly xError: number;
  readonly yError: number;
  /** False where the gain is not known: the errors are then those of the sky alone. */
  readonly photonNoise: boolean;
  readonly sky: Sky & {
    readonly from: 'annulus' | 'cutout';
    readonly innerPx: number;
    readonly outerPx: number;
  };
  /** Highest pixel within half a FWHM, above the sky; null when it is saturated. */
  readonly peak: number | null;
  readonly apertureRadiusPx: number;
  readonly flux: number;
  readonly fluxError: number;
  readonly signalToNoise: number;
  /** Second moments, px^2. */
  readonly momentXX: number;
  readonly momentXY: number;
  readonly momentYY: number;
  /** 1 - minor / major axis. */
  readonly ellipticity: number;
  /** Of the major axis, from +x towards +y, 0 <= angle < 180. */
  readonly positionAngleDeg: number;
  /** Of the windowed second moments: 2.3548 sigma. */
  readonly fwhmMomentsPx: number;
  readonly gaussian: StarFit | null;
  readonly moffat: StarFit | null;
  readonly fwhmProfilePx: number;
  /** Moffat's, or else Gauss's, or else the profile's; null without a plate scale. */
  readonly fwhmArcsec: number | null;
  readonly fwhmErrorArcsec: number | null;
  readonly profile: RadialProfile;
  readonly fitted: {
    readonly radiusPx: Float64Array;
    readonly gaussian: Float64Array | null;
    readonly moffat: Float64Array | null;
  };
  readonly encircled: {
    readonly radiusPx: Float64Array;
    readonly fraction: Float64Array;
    readonly total: number;
    /** Whose light beyond the last radius is counted in `total`. */
    readonly totalFrom: 'moffat' | 'aperture';
  };
  readonly ee50Px: number;
  readonly ee80Px: number;
  /** Pixels at or above saturation within the aperture. */
  readonly saturatedPixels: number;
  /** Pixels without a value within the aperture. */
  readonly missingPixels: number;
  readonly edge: boolean;
  readonly blended: boolean;
  readonly notAPointSource: boolean;
}

/** A cutout that holds the sky of a star of FWHM 15 px; summit_notebook/measure cuts the same. */
export const CUTOUT_HALF_SIZE_PX = 80;

const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.log(2));
const SEARCH_RADIUS_PX = 15;
const LEAST_PIXELS = 50;
const LEAST_SKY_PIXELS = 100;
const LEAST_SIGNIFICANCE = 4;
const APERTURE_FWHM = 1.5;
const REACH_FWHM = 3;
const SKY_OUTER_FWHM = 4.5;
const LEAST_SKY_INNER_PX = 8;
const LEAST_SKY_WIDTH_PX = 6;
const CURVE_POINTS = 60;
const ROUND_ENOUGH = 0.4;
const NARROWEST_STAR_PX = 1.2;

type Failed = { readonly failed: string };

interface Found {
  readonly star: Windowed;
  readonly sky: Examination['sky'];
  readonly light: Plane;
  readonly noise: Noise;
}

export function examineStar(
  cutout: Cutout,
  start: DetectorPixel,
  options: ExamineOptions,
): Examination | Failed {
  const plane = planeOf(cutout);
  const usable = plane.values.filter(Number.isFinite).length;
  if (usable < LEAST_PIXELS) {
    return { failed: `the cutout has only ${usable} usable pixels; a star needs ${LEAST_PIXELS}` };
  }
  const saturation = options.saturation ?? Infinity;
  if (plane.values.every((value) => !(value < saturation))) return { failed: 'all pixels are saturated' };

  const from = { x: start.x - cutout.x0, y: start.y - cutout.y0 };
  const radius = options.searchRadiusPx ?? SEARCH_RADIUS_PX;
  const where = `(${start.x.toFixed(0)}, ${start.y.toFixed(0)})`;
  const whole = skyAround(plane, from, 0, Infinity, LEAST_PIXELS);
  if (whole === null) return { failed: `there are no usable pixels around ${where}` };
  const smooth = smoothed(withoutSky(plane, from, whole));
  const noiseOfSmooth = skyAround(smooth, from, 0, Infinity, LEAST_PIXELS)?.sigma ?? 0;
  const peaks = peaksOf(smooth);
  const near = peaks.find((peak) => (peak.x - from.x) ** 2 + (peak.y - from.y) ** 2 <= radius * radius);
  const none = `no star within ${radius} px of ${where}`;
  if (near === undefined) return { failed: `${none}: nothing there is brighter than what surrounds it` };
  if (!(near.height > LEAST_SIGNIFICANCE * noiseOfSmooth)) {
    const significance = noiseOfSmooth > 0 ? near.height / noiseOfSmooth : 0;
    return { failed: `${none}: the brightest pixel is ${significance.toFixed(1)} sigma above the sky` };
  }

  const found = findStar(
    plane,
    near,
    smooth,
    { ...whole, from: 'cutout', innerPx: 0, outerPx: Infinity },
    from,
    {
      electronPerUnit: cutout.unit === 'electron' ? 1 : options.gainElectronPerAdu,
      readNoiseElectron: options.readNoiseElectron,
    },
  );
  if (found === null) return { failed: `${none}: the light at ${where} has no centre` };
  const { star } = found;
  const border = Math.min(star.x, star.y, cutout.width - 1 - star.x, cutout.height - 1 - star.y) + 0.5;
  if (border < (FWHM_PER_SIGMA * star.sigmaPx) / 2) {
    return {
      failed: `too near to the edge: the star is ${Math.max(0, border).toFixed(1)} px from the last pixel`,
    };
  }
  return measured(cutout, plane, found, near, peaks, noiseOfSmooth, options);
}

function planeOf({ width, height, values, mask }: Cutout): Plane & { values: Float64Array } {
  const usable = (value: number, i: number) => Number.isFinite(value) && (mask?.[i] ?? 0) === 0;
  return { width, height, values: Float64Array.from(values, (value, i) => (usable(value, i) ? value : NaN)) };
}

/** Centre, width and sky, each of which the others need: three rounds settle them. */
function findStar(
  plane: Plane,
  peak: Peak,
  smooth: Plane,
  whole: Examination['sky'],
  wholeCentre: Centre,
  {
    electronPerUnit,
    readNoiseElectron,
  }: { electronPerUnit: number | null; readNoiseElectron: number | null },
): Found | null {
  const readNoise = electronPerUnit === null ? 0 : (readNoiseElectron ?? 0) / electronPerUnit;
  // Images without noise still need a weight.
  const noiseOf = ({ sigma }: Sky): Noise => ({
    skyVariance: Math.max(sigma, readNoise, 1e-6 * peak.height) ** 2,
    electronPerUnit,
  });
  const wide = fwhmOfProfile(radialProfile(smooth, peak, Math.max(plane.width, plane.height) / 2));
  const roughSigma = Math.sqrt(Math.max(1, (wide / FWHM_PER_SIGMA) ** 2 - SMOOTHING_SIGMA_PX ** 2)) || 5;
  let sky = whole;
  let light = withoutSky(plane, wholeCentre, whole);
  let centre: Centre = peak;
  let sigma = roughSigma;
  for (let round = 0; round < 3; round++) {
    const star = windowed(light, centre, sigma, noiseOf(sky), Math.max(5, 4 * sigma));
    if (star === null) return null;
    centre = star;
    sigma = star.sigmaPx;
    const fwhm = FWHM_PER_SIGMA * sigma;
    const innerPx = Math.max(LEAST_SKY_INNER_PX, REACH_FWHM * fwhm);
    const outerPx = Math.max(innerPx + LEAST_SKY_WIDTH_PX, SKY_OUTER_FWHM * fwhm);
    const annulus = skyAround(plane, centre, innerPx, outerPx, LEAST_SKY_PIXELS);
    sky = annulus ? { ...annulus, from: 'annulus', innerPx, outerPx } : whole;
    light = withoutSky(plane, annulus ? centre : wholeCentre, sky);
  }
  const star = windowed(light, centre, sigma, noiseOf(sky), Math.max(5, 4 * sigma));
  return star && { star, sky, light, noise: noiseOf(sky) };
}

function measured(
  cutout: Cutout,
  plane: Plane,
  { star, sky, light, noise }: Found,
  peak: Peak,
  peaks: readonly Peak[],
  noiseOfSmooth: number,
  options: ExamineOptions,
): Examination | Failed {
  const fwhm = FWHM_PER_SIGMA * star.sigmaPx;
  const reach = Math.max(5, REACH_FWHM * fwhm);
  const apertureRadiusPx = APERTURE_FWHM * fwhm;
  const saturation = options.saturation ?? Infinity;

  const pixels: { x: number; y: number; light: number }[] = [];
  let highest = -Infinity;
  let [saturatedPixels, missingPixels, fittable] = [0, 0, 0];
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const distance = Math.sqrt((x - star.x) ** 2 + (y - star.y) ** 2);
      if (distance > reach) continue;
      const value = plane.values[y * plane.width + x] as number;
      const above = light.values[y * plane.width + x] as number;
      const saturated = value >= saturation;
      if (distance <= apertureRadiusPx) {
        if (saturated) saturatedPixels++;
        if (!Number.isFinite(value)) missingPixels++;
        else if (!saturated) fittable++;
      }
      if (!Number.isFinite(value)) continue;
      if (distance <= Math.max(1, fwhm / 2)) highest = Math.max(highest, above);
      if (!saturated) pixels.push({ x, y, light: above });
    }
  }
  if (saturatedPixels > 0 && fittable === 0) return { failed: 'all pixels are saturated' };

  const toFit = {
    x: Float64Array.from(pixels, ({ x }) => x),
    y: Float64Array.from(pixels, ({ y }) => y),
    light: Float64Array.from(pixels, (pixel) => pixel.light),
    ...noise,
  };
  const guess = { x: star.x, y: star.y, peak: Math.max(highest, peak.height), fwhmPx: fwhm };
  const gaussian = fitStar(toFit, 'gaussian', guess);
  const moffat = fitStar(toFit, 'moffat', gaussian?.converged ? gaussian : guess);

  const aperture = apertureSum(light, star, apertureRadiusPx);
  const photons = noise.electronPerUnit === null ? 0 : Math.max(0, aperture.sum) / noise.electronPerUnit;
  // The variance of a median is pi / 2 times that of a mean.
  const ofSky = (noise.skyVariance * aperture.area ** 2 * Math.PI) / 2 / sky.n;
  const fluxError = Math.sqrt(aperture.area * noise.skyVariance + ofSky + photons);

  const profile = radialProfile(light, star, reach, Math.max(0.5, fwhm / 8));
  const fwhmProfilePx = fwhmOfProfile(profile);
  const curveRadii = Float64Array.from({ length: CURVE_POINTS }, (_, i) => ((i + 1) * reach) / CURVE_POINTS);
  const encircled = growthOf(light, star, curveRadii, moffat);
  const scale = options.plateScaleArcsecPerPx;
  const best = [moffat, gaussian].find((fit) => fit !== null && fit.converged) ?? null;
  const shape = shapeOf(star);
  const dip = profile.mean.some(
    (mean) => mean > 1.2 * (profile.mean[0] as number) + 3 * Math.sqrt(noise.skyVariance),
  );
  return {
    unit: cutout.unit,
    x: cutout.x0 + star.x,
    y: cutout.y0 + star.y,
    xError: star.xError,
    yError: star.yError,
    photonNoise: noise.electronPerUnit !== null,
    sky,
    peak: saturatedPixels > 0 ? null : highest,
    apertureRadiusPx,
    flux: aperture.sum,
    fluxError,
    signalToNoise: aperture.sum / fluxError,
    momentXX: star.xx,
    momentXY: star.xy,
    momentYY: star.yy,
    ...shape,
    fwhmMomentsPx: FWHM_PER_SIGMA * (star.xx * star.yy - star.xy * star.xy) ** 0.25,
    gaussian: gaussian && inDetector(gaussian, cutout),
    moffat: moffat && inDetector(moffat, cutout),
    fwhmProfilePx,
    fwhmArcsec: scale && scale * (best?.fwhmPx ?? fwhmProfilePx),
    fwhmErrorArcsec: scale && best ? scale * best.fwhmErrorPx : null,
    profile,
    fitted: {
      radiusPx: curveRadii,
      gaussian: gaussian && curveRadii.map((r) => gaussian.sky + profileOfFit(gaussian, r)),
      moffat: moffat && curveRadii.map((r) => moffat.sky + profileOfFit(moffat, r)),
    },
    encircled,
    ee50Px: radiusOfFraction(encircled, 0.5),
    ee80Px: radiusOfFraction(encircled, 0.8),
    saturatedPixels,
    missingPixels,
    edge: touchesBorder(star, apertureRadiusPx, plane),
    blended: hasNeighbour(star, fwhm, peak, peaks, noiseOfSmooth),
    notAPointSource:
      shape.ellipticity > ROUND_ENOUGH || best === null || dip || best.fwhmPx < NARROWEST_STAR_PX,
  };
}

function inDetector(fit: StarFit, { x0, y0 }: Cutout): StarFit {
  return { ...fit, x: x0 + fit.x, y: y0 + fit.y };
}

function shapeOf({ xx, xy, yy }: Windowed): { ellipticity: number; positionAngleDeg: number } {
  const half = (xx + yy) / 2;
  const spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy ** 2);
  const angle = (Math.atan2(2 * xy, xx - yy) * 90) / Math.PI;
  return {
    ellipticity: 1 - Math.sqrt(Math.max(0, half - spread) / (half + spread)),
    positionAngleDeg: angle < 0 ? angle + 180 : angle,
  };
}

/** A Moffat that describes the star gives the sky below its wings and the light beyond the last radius. */
function growthOf(
  light: Plane,
  star: Centre,
  radiusPx: Float64Array,
  moffat: StarFit | null,
): Examination['encircled'] {
  const last = radiusPx[radiusPx.length - 1] as number;
  const within = moffat && moffat.converged && moffat.beta !== null ? fractionWithin(moffat, last) : 0;
  const trusted = moffat !== null && within > 0.8;
  const grown = encircledEnergy(light, star, radiusPx).map(
    (sum, i) => sum - (trusted ? moffat.sky * Math.PI * (radiusPx[i] as number) ** 2 : 0),
  );
  const total = (grown[grown.length - 1] as number) / (trusted ? within : 1);
  return {
    radiusPx,
    fraction: grown.map((sum) => sum / total),
    total,
    totalFrom: trusted ? 'moffat' : 'aperture',
  };
}

/** NaN when the curve ends below it. */
function radiusOfFraction({ radiusPx, fraction }: Examination['encircled'], wanted: number): number {
  const i = fraction.findIndex((value) => value >= wanted);
  if (i < 0) return NaN;
  const [r0, f0] = i === 0 ? [0, 0] : [radiusPx[i - 1] as number, fraction[i - 1] as number];
  return r0 + ((wanted - f0) / ((fraction[i] as number) - f0)) * ((radiusPx[i] as number) - r0);
}

function touchesBorder({ x, y }: Centre, radius: number, { width, height }: Plane): boolean {
  return x - radius < -0.5 || y - radius < -0.5 || x + radius > width - 0.5 || y + radius > height - 0.5;
}

/** A brighter peak within six FWHM, or one of a quarter of the height within three. */
function hasNeighbour(
  star: Centre,
  fwhm: number,
  own: Peak,
  peaks: readonly Peak[],
  noiseOfSmooth: number,
): boolean {
  return peaks.some((peak) => {
    const distance = Math.sqrt((peak.x - star.x) ** 2 + (peak.y - star.y) ** 2);
    if (distance <= Math.max(fwhm, 2) || distance > 6 * fwhm || peak.height < 5 * noiseOfSmooth) return false;
    return peak.height > own.height || (distance <= 3 * fwhm && peak.height > own.height / 4);
  });
}
