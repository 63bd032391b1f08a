/** What the workspace's interface itself remembers: what is open, chosen and said. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { LedgerOfExposure } from '../../core/nightLatency.ts';
import { PIXEL_CHOICES, type PixelChoice } from '../../features/image/previewOpening.ts';
import type { RangeName } from '../../features/telemetry/telemetryStore.ts';
import { isTheme, kept, type Theme } from '../keptState.ts';

export const INSPECTOR_TABS = [
  'readout',
  'measure',
  'regions',
  'catalogues',
  'amplifiers',
  'header',
  'ledger',
] as const;
export type InspectorTab = (typeof INSPECTOR_TABS)[number];

export interface WorkspaceState {
  readonly theme: Theme;
  readonly dialog: 'keys' | 'kiosk' | 'python' | null;
  /** The exposure table lies over the panes. */
  readonly table: boolean;
  readonly inspector: InspectorTab;
  /** Row and column through the pointer stand above the measured stars. */
  readonly cross: boolean;
  /** A short confirmation in the status line. */
  readonly notice: string | null;
  /** Whether previews come before the pixels, or instead of them. */
  readonly pixels: PixelChoice;
  /** Telemetry and notebook load only after the first image: it comes first. */
  readonly panesAllowed: boolean;
  /** How much of the night the telemetry shows. */
  readonly range: RangeName;
  /** Of the night's exposures that came while the page was open and were painted, the newest last. */
  readonly latencies: readonly LedgerOfExposure[];
}

export function keptTheme(): Theme {
  const theme = kept('theme');
  return isTheme(theme) ? theme : 'dark';
}

function keptPixels(): PixelChoice {
  const pixels = kept('pixels');
  return PIXEL_CHOICES.find((each) => each === pixels) ?? 'auto';
}

export function createWorkspaceState(range: RangeName): StoreApi<WorkspaceState> {
  return createStore<WorkspaceState>(() => ({
    theme: keptTheme(),
    dialog: null,
    table: false,
    inspector: 'readout',
    cross: false,
    notice: null,
    pixels: keptPixels(),
    panesAllowed: false,
    range,
    latencies: [],
  }));
}
