/** The state as an address has it (viewState.ts); apart, because only the workspace writes addresses. */
import type { LimitsRule } from '../features/image/displayState.ts';
import { FIRST_DISPLAY, FIRST_ISR } from '../features/image/displayState.ts';
import { FIRST_MASK_LOOKS, lookOf, type MaskLooks } from '../features/image/maskLooks.ts';
import type { IsrRecipe } from '../workers/image/contract.ts';
import { PARAMETERS, STEPS, type ViewState } from './viewState.ts';

/** Sets the parameters of the state and takes away those that are as they are at first. */
export function writeViewState(query: URLSearchParams, state: ViewState): void {
  const { isr, display, view, overlays, maskLooks } = state;
  const { rotationDeg, mirrored } = display.orientation;
  const first = FIRST_DISPLAY;
  const texts: Readonly<Record<(typeof PARAMETERS)[number], string>> = {
    isr: isrText(isr),
    stretch: display.stretch === first.stretch ? '' : display.stretch,
    limits: display.limits.rule === 'zscale' ? '' : limitsText(display.limits),
    amp: display.perAmplifier ? '1' : '',
    contrast:
      display.contrast.bias === 0.5 && display.contrast.contrast === 1
        ? ''
        : `${short(display.contrast.bias, 4)},${short(display.contrast.contrast, 4)}`,
    map: display.colourMap === first.colourMap ? '' : display.colourMap,
    invert: display.invert ? '1' : '',
    turn: rotationDeg === 0 && !mirrored ? '' : `${short(rotationDeg, 6)}${mirrored ? 'm' : ''}`,
    smooth: display.smoothSigmaPx === 0 ? '' : short(display.smoothSigmaPx, 3),
    bin: display.bin === 1 ? '' : `${display.bin}`,
    view:
      view === 'fit'
        ? ''
        : [short(view.centre.x, 7), short(view.centre.y, 7), short(view.devicePixelsPerPixel, 6)].join(','),
    over: [
      ...(overlays.amplifiers ? ['amp'] : []),
      ...(overlays.mask ? ['mask'] : []),
      ...(overlays.compass ? ['compass'] : []),
      ...(overlays.skyGrid ? ['sky'] : []),
      ...(overlays.marks ? ['marks'] : []),
      ...(overlays.sources ? ['sources'] : []),
      ...(overlays.magnifier ? ['magnifier'] : []),
      ...(overlays.pixelGrid ? [] : ['-grid']),
      ...(overlays.panner ? [] : ['-panner']),
    ].join(','),
    planes: planesText(maskLooks),
  };
  for (const name of PARAMETERS) {
    if (texts[name] === '') query.delete(name);
    else query.set(name, texts[name]);
  }
}

function limitsText(rule: LimitsRule): string {
  switch (rule.rule) {
    case 'percentile':
      return `p${rule.percent}`;
    case 'sigma':
      return `s${rule.sigmas}`;
    case 'manual':
      return rule.limits.map((v) => short(v, 7)).join('..');
    case 'zscale':
    case 'minmax':
    case 'symmetric':
      return rule.rule;
  }
}

/** Of the planes that are not drawn as at first. */
function planesText(looks: MaskLooks): string {
  const words = Object.entries(looks).flatMap(([plane, { visible, colour, opacity }]) => {
    const first = lookOf(FIRST_MASK_LOOKS, plane);
    const parts = [
      visible ? plane : `-${plane}`,
      colour === first.colour ? '' : colour.slice(1),
      opacity === first.opacity ? '' : short(opacity, 3),
    ];
    const word = parts.join('*').replace(/\*+$/, '');
    return word === plane ? [] : [word];
  });
  return words.join(',');
}

function isrText({ recipe, overscan, switched, untrimmed }: IsrRecipe): string {
  const steps = STEPS.filter((step) => switched[step] !== undefined);
  return [
    ...(recipe === FIRST_ISR.recipe ? [] : [recipe]),
    ...(overscan === FIRST_ISR.overscan ? [] : [overscan]),
    ...(untrimmed ? ['untrimmed'] : []),
    ...steps.map((step) => `${switched[step] ? '+' : '-'}${step}`),
  ].join(',');
}

function short(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}
