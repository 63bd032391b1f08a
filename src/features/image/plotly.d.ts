/** The cartesian bundle has no types of its own; plot.ts names what it uses. */
declare module 'plotly.js-cartesian-dist-min' {
  const plotly: unknown;
  export default plotly;
}
