/** Pixels that are shown as one, in x and in y; 1 is as many as the zoom asks for. */
export const BINS = [1, 2, 4, 8, 16] as const;
export type Bin = (typeof BINS)[number];
