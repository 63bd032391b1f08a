/**
 * Whose session a screen runs on. A screen that was made a kiosk never goes on with the session of whoever signed in on
 * the same browser: its access would then change with a person's.
 */
import type { Session } from '../../services/session.ts';

export type ScreenAccess =
  | { readonly kind: 'device'; readonly label: string }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'ended'; readonly wasDevice: boolean };

/** `session`: null when the service says that nobody is signed in. */
export function nextAccess(before: ScreenAccess | null, session: Session | null): ScreenAccess {
  if (session?.device) return { kind: 'device', label: session.device.label };
  const wasDevice =
    before?.kind === 'device' || (before?.kind === 'ended' && before.wasDevice) || !!session?.deviceEnded;
  if (wasDevice || !session?.user) return { kind: 'ended', wasDevice };
  return { kind: 'user', user: session.user };
}
