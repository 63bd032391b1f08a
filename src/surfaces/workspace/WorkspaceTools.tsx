/** The right end of the status line: keys, theme, user menu. */
import { CircleUserRound, Keyboard, Moon, Sun, Telescope } from 'lucide-react';
import { useId, useRef } from 'react';
import { THEMES, type Theme } from '../keptState.ts';

const THEME_ICONS = { dark: Moon, light: Sun, night: Telescope } as const;
const THEME_NAMES: Readonly<Record<Theme, string>> = { dark: 'dark', light: 'light', night: 'night red' };

export interface WorkspaceToolsProps {
  readonly user: string | null;
  readonly theme: Theme;
  readonly alarmSound: boolean;
  readonly onTheme: (theme: Theme) => void;
  readonly onHelp: () => void;
  readonly onKioskScreens: () => void;
  readonly onResetLayout: () => void;
  readonly onAlarmSound: (on: boolean) => void;
  readonly onLogOut: () => void;
}

export function WorkspaceTools(props: WorkspaceToolsProps) {
  const { user, theme, alarmSound } = props;
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
        <button type="button" onClick={choose(props.onResetLayout)}>
          Reset layout
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
