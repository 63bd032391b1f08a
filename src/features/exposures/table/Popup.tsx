import { type ReactNode, useId, useRef, useState } from 'react';

export interface PopupProps {
  readonly label: ReactNode;
  /** Of the button. */
  readonly title: string;
  readonly className: string;
  readonly pressed?: boolean;
  /** Called while it is open; `close` gives the focus back to the button. */
  readonly children: (close: () => void) => ReactNode;
}

/** A button and what it opens below itself: the browser's own popover, which closes on Escape and on a click elsewhere. */
export function Popup({ label, title, className, pressed = false, children }: PopupProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const [popover, setPopover] = useState<HTMLDivElement | null>(null);
  const [open, setOpen] = useState(false);

  /** It lies in the top layer, whose coordinates are the window's. */
  function place({ style }: HTMLElement): void {
    const below = button.current?.getBoundingClientRect();
    if (!below) return;
    style.top = `${below.bottom + 4}px`;
    style.right = `${Math.max(8, window.innerWidth - below.right)}px`;
    style.maxHeight = `${window.innerHeight - below.bottom - 16}px`;
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        popoverTarget={id}
        title={title}
        aria-haspopup="dialog"
        data-pressed={pressed || undefined}
      >
        {label}
      </button>
      <div
        ref={setPopover}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={title}
        className={`exposure-table-popup ${className}`}
        onBeforeToggle={(event) => place(event.currentTarget)}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {open && children(() => popover?.hidePopover())}
      </div>
    </>
  );
}
