/** The screens that have a read-only session of their own: list, make this one, revoke. */
import { useEffect, useState } from 'react';
import { toAppError } from '../../core/errors.ts';
import { formatAge } from '../../core/units.ts';
import type { Clock } from '../../services/clock.ts';
import type { ServiceHttp } from '../../services/serviceHttp.ts';
import { createDevice, listDevices, revokeDevice, type KioskDevice } from '../../services/session.ts';
import { Dialog } from './Dialog.tsx';

export interface KioskScreensDialogProps {
  readonly http: ServiceHttp;
  readonly clock: Clock;
  readonly onClose: () => void;
}

export default function KioskScreensDialog({ http, clock, onClose }: KioskScreensDialogProps) {
  const [devices, setDevices] = useState<readonly KioskDevice[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [made, setMade] = useState(false);
  const [label, setLabel] = useState('');

  async function act(change: () => Promise<void>): Promise<void> {
    try {
      await change();
      setDevices(await listDevices(http));
      setProblem(null);
    } catch (thrown) {
      setProblem(toAppError(thrown).message);
    }
  }
  useEffect(() => {
    const opened = new AbortController();
    listDevices(http, opened.signal).then(setDevices, (thrown: unknown) => {
      if (!opened.signal.aborted) setProblem(toAppError(thrown).message);
    });
    return () => opened.abort();
  }, [http]);

  return (
    <Dialog title="Kiosk screens" onClose={onClose}>
      <p>
        A kiosk screen follows the newest image for weeks without anyone signed in. It can read data and
        nothing else, and its access ends when you revoke it here.
      </p>
      <form
        className="kiosk-make"
        onSubmit={(event) => {
          event.preventDefault();
          void act(async () => {
            await createDevice(http, label.trim());
            setMade(true);
            setLabel('');
          });
        }}
      >
        <input
          aria-label="Name of this screen"
          placeholder="name, for example: control room left"
          required
          maxLength={80}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
        <button type="submit">Make this a kiosk screen</button>
      </form>
      {made && (
        <p role="status">
          This browser is a kiosk screen now. <a href={`${http.prefix}kiosk`}>Open the kiosk</a>
        </p>
      )}
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      {devices === null ? (
        !problem && <p className="muted">Asking for the screens…</p>
      ) : devices.length === 0 ? (
        <p className="muted">No kiosk screens yet.</p>
      ) : (
        <table className="kiosk-table">
          <thead>
            <tr>
              <th scope="col">screen</th>
              <th scope="col">made by</th>
              <th scope="col">last seen</th>
              <th scope="col">
                <span className="visually-hidden">revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {devices.map((device) => (
              <tr key={device.id}>
                <td>{device.label}</td>
                <td>
                  {device.createdBy}, {new Date(device.createdUnixMs).toISOString().slice(0, 10)}
                </td>
                <td>
                  {device.lastSeenUnixMs === null
                    ? 'never'
                    : `${formatAge((clock.serverNow() - device.lastSeenUnixMs) / 1000)} ago`}
                </td>
                <td>
                  <button
                    type="button"
                    aria-label={`Revoke ${device.label}`}
                    onClick={() => void act(() => revokeDevice(http, device.id))}
                  >
                    Revoke
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Dialog>
  );
}
