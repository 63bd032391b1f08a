import { Dialog } from './Dialog.tsx';
import { keyName, type ShortcutGroup } from './shortcuts.ts';

export interface ShortcutsDialogProps {
  readonly groups: readonly ShortcutGroup[];
  readonly onClose: () => void;
}

export default function ShortcutsDialog({ groups, onClose }: ShortcutsDialogProps) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <div className="shortcuts">
        {groups.map((group) => (
          <section key={group.name}>
            <h3>{group.name}</h3>
            <dl>
              {group.shortcuts.map(({ keys, does }) => (
                <div key={does}>
                  <dt>
                    {/* Nine digit keys are one thing to a reader. */}
                    {(keys.length > 4 ? ['1 … 9'] : keys).map((key) => (
                      <kbd key={key}>{keyName(key)}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="muted">Keys do nothing of this while you type in a field or in a notebook cell.</p>
    </Dialog>
  );
}
