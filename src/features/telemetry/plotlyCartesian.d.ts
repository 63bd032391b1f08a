/** The few functions of plotly that the strip calls. Its bundle for a page has no types of its own. */
declare module 'plotly.js-cartesian-dist-min' {
  export function react(element: HTMLElement, data: object[], layout: object, config?: object): Promise<void>;
  export function purge(element: HTMLElement): void;
}
