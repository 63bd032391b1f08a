/** The right end of the status line: keys, theme, user menu. */
import { CircleUserRound, Contrast, Keyboard, Moon, Sun, Telescope } from 'lucide-react';
import { useId, useRef } from 'react';
import { PIXEL_CHOICES, type PixelChoice } from '../../features/image/previewOpening.ts';
import { THEMES, type Theme } from '../keptState.ts';

const THEME_ICONS = { dark: Moon, light: Sun, night: Telescope, contrast: Contrast } as const;
const THEME_NAMES: Readonly<Record<Theme, string>> = {
  dark: 'dark',
  light: 'light',
  night: 'night red',
  contrast: 'high contrast',
};

const PIXEL_NAMES: Readonly<Record<PixelChoice, string>> = {
  auto: 'preview first on slow links',
  full: 'always full at once',
  preview: 'previews, full on request (T)',
};

export interface WorkspaceToolsProps {
  readonly user: string | null;
  readonly theme: Theme;
  readonly alarmSound: boolean;
  readonly pixels: PixelChoice;
  readonly onTheme: (theme: Theme) => void;
  readonly onHelp: () => void;
  readonly onPython: () => void;
  readonly onKioskScreens: () => void;
  readonly onPixels: (pixels: PixelChoice) => void;
  readonly onResetLayout: () => void;
  readonly onAlarmSound: (on: boolean) => void;
  readonly onLogOut: () => void;
}

export function WorkspaceTools(props: WorkspaceToolsProps) {
  const { user, theme, alarmSound, pixels } = props;
  const menu = useRef<HTMLDivElement>(null);
  const menuId = useId();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'dark';
  const ThemeIcon = THEME_ICONS[theme];
  const choose = (act: () => void) => () => {
    menu.current?.hidePopover();
    act();
  };
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={props.onHelp}
      >
        <Keyboard size={16} aria-hidden />
      </button>
      <button
        type="button"
        className="icon-button"
        data-testid="theme-switch"
        aria-label={`Theme ${THEME_NAMES[theme]}; switch to ${THEME_NAMES[next]}`}
        title={`Theme: ${THEME_NAMES[theme]} (t)`}
        onClick={() => props.onTheme(next)}
      >
        <ThemeIcon size={16} aria-hidden />
      </button>
      <button
        type="button"
        className="icon-button"
        popoverTarget={menuId}
        aria-label={`Menu of ${user ?? 'nobody'}`}
        title="Menu"
      >
        <CircleUserRound size={16} aria-hidden />
      </button>
      <div ref={menu} id={menuId} popover="auto" className="user-menu" data-testid="user-menu">
        <p className="muted">{user === null ? 'Not signed in' : `Signed in as ${user}`}</p>
        <label>
          <input
            type="checkbox"
            checked={alarmSound}
            onChange={(event) => props.onAlarmSound(event.target.checked)}
          />
          Sound for a late image
        </label>
        <label title="Over a link on which a raw takes longer than 3 s, a preview of 8 x 8 px cells comes first">
          Pixels{' '}
          <select
            value={pixels}
            onChange={(event) => {
              const chosen = PIXEL_CHOICES.find((each) => each === event.target.value);
              if (chosen) props.onPixels(chosen);
            }}
          >
            {PIXEL_CHOICES.map((each) => (
              <option key={each} value={each}>
                {PIXEL_NAMES[each]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={choose(props.onResetLayout)}>
          Reset layout
        </button>
        <button type="button" onClick={choose(props.onPython)}>
          Python of what was done…
        </button>
        <button type="button" onClick={choose(props.onKioskScreens)}>
          Kiosk screens…
        </button>
        <button type="button" onClick={choose(props.onLogOut)}>
          Log out
        </button>
      </div>
    </>
  );
}
