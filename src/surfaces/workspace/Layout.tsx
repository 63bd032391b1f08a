/** Where the panes are. Their sizes are the user's to change and are kept by this browser. */
import { createRef, type ReactNode } from 'react';
import {
  Group,
  type GroupImperativeHandle,
  Panel,
  Separator,
  type Layout as PanelSizes,
} from 'react-resizable-panels';
import { keep, kept } from '../keptState.ts';

const GROUPS = ['rows', 'top', 'bottom'] as const;
type GroupName = (typeof GROUPS)[number];

const groups: Record<GroupName, React.RefObject<GroupImperativeHandle | null>> = {
  rows: createRef(),
  top: createRef(),
  bottom: createRef(),
};

/** Sizes in percent, as the panels were made for a window of this width. */
function defaultSizes(): Record<GroupName, PanelSizes> {
  const width = window.innerWidth;
  const exposures = (100 * Math.min(440, (width < 1000 ? 0.3 : 0.33) * width)) / width;
  const inspector = (100 * Math.min(320, 0.225 * width)) / width;
  return {
    rows: { panes: 68, more: 32 },
    top: { exposures, image: 100 - exposures - inspector, inspector },
    bottom: { telemetry: 55, notebook: 45 },
  };
}

/** Only sizes of the same panels: another version's would place panes that are not there. */
function keptSizes(name: GroupName): PanelSizes {
  const defaults = defaultSizes()[name];
  const all = kept('layout') as Partial<Record<GroupName, PanelSizes>> | undefined;
  const sizes = all?.[name];
  const same =
    sizes !== undefined &&
    Object.keys(sizes).sort().join() === Object.keys(defaults).sort().join() &&
    Object.values(sizes).every((percent) => Number.isFinite(percent) && percent >= 0);
  return same ? sizes : defaults;
}

function keepSizes(name: GroupName, sizes: PanelSizes): void {
  const all = Object.fromEntries(GROUPS.map((group) => [group, keptSizes(group)]));
  keep('layout', { ...all, [name]: sizes });
}

export function resetLayout(): void {
  const defaults = defaultSizes();
  for (const name of GROUPS) groups[name].current?.setLayout(defaults[name]);
  keep('layout', defaults);
}

export interface LayoutProps {
  readonly exposures: ReactNode;
  readonly image: ReactNode;
  readonly inspector: ReactNode;
  readonly telemetry: ReactNode;
  readonly notebook: ReactNode;
}

export function Layout({ exposures, image, inspector, telemetry, notebook }: LayoutProps) {
  const groupProps = (name: GroupName) => ({
    id: `layout-${name}`,
    groupRef: groups[name],
    defaultLayout: keptSizes(name),
    onLayoutChanged: (sizes: PanelSizes, { isUserInteraction }: { isUserInteraction: boolean }) => {
      if (isUserInteraction) keepSizes(name, sizes);
    },
  });
  return (
    <div className="layout">
      <Group orientation="vertical" {...groupProps('rows')}>
        <Panel id="panes" minSize={200}>
          <Group orientation="horizontal" {...groupProps('top')}>
            <Panel id="exposures" minSize={160}>
              {exposures}
            </Panel>
            <Separator className="separator" aria-label="Width of the exposures" />
            <Panel id="image" minSize={240}>
              {image}
            </Panel>
            <Separator className="separator" aria-label="Width of the inspector" />
            <Panel id="inspector" minSize={160}>
              {inspector}
            </Panel>
          </Group>
        </Panel>
        <Separator className="separator" aria-label="Height of the upper panes" />
        <Panel id="more" minSize={80}>
          <Group orientation="horizontal" {...groupProps('bottom')}>
            <Panel id="telemetry" minSize={200}>
              {telemetry}
            </Panel>
            <Separator className="separator" aria-label="Width of the telemetry" />
            <Panel id="notebook" minSize={200}>
              {notebook}
            </Panel>
          </Group>
        </Panel>
      </Group>
    </div>
  );
}
