/** Arcseconds on the sky per pixel of 10 um, by the Butler's name of the instrument. */
const ARCSEC_PER_PX: Readonly<Record<string, number>> = {
  // LSSTDESC/Spectractor, config/auxtel.ini. lsst/obs_lsst has 0.095695 (policy/latiss/cameraTransforms.yaml, median of
  // 450 fitted images): 0.5 % more, 1.4 arcsec in a corner of the frame.
  LATISS: 0.0952,
  // lsst/obs_lsst, policy/cameraTransforms.yaml and policy/comCam/cameraTransforms.yaml: 20.006 and 20.018 arcsec/mm.
  LSSTCam: 0.2,
  LSSTComCam: 0.2,
  // Their simulations have the same optics.
  LSSTCamSim: 0.2,
  LSSTComCamSim: 0.2,
  'LSSTCam-imSim': 0.2,
  'LSSTCam-PhoSim': 0.2,
};

/** Undefined for instruments that are not on a telescope, or not known. */
export function plateScaleArcsecPerPx(instrument: string): number | undefined {
  return Object.hasOwn(ARCSEC_PER_PX, instrument) ? ARCSEC_PER_PX[instrument] : undefined;
}
