/** Who is signed in, the way to the sign-in page and back, and the screens that were made kiosks. */
import * as z from 'zod/mini';
import type { ServiceHttp } from './serviceHttp.ts';

const SessionAnswer = z.object({
  user: z.nullable(z.string()),
  device: z.nullable(z.object({ id: z.string(), label: z.string() })),
  /** This browser was a kiosk screen and is one no more. */
  deviceEnded: z._default(z.boolean(), false),
  hubBase: z.string(),
  version: z.string(),
});
export type Session = z.infer<typeof SessionAnswer>;

const DeviceAnswer = z.object({
  id: z.string(),
  label: z.string(),
  createdUnixMs: z.number(),
  lastSeenUnixMs: z.nullable(z.number()),
  createdBy: z.string(),
});
/** A screen with a revocable, read-only session of its own. */
export type KioskDevice = z.infer<typeof DeviceAnswer>;

export function fetchSession(http: ServiceHttp, signal?: AbortSignal): Promise<Session> {
  return http.json('api/session', SessionAnswer, { signal });
}

/** Leads through the Hub's sign-in and back to `page`, which keeps its query: state lives there. */
export function signInUrl(
  prefix: string,
  page: { readonly pathname: string; readonly search: string },
): string {
  return `${prefix}login?next=${encodeURIComponent(page.pathname + page.search)}`;
}

export function logOut(http: ServiceHttp): Promise<void> {
  return http.send('api/logout', { method: 'POST' });
}

export function listDevices(http: ServiceHttp, signal?: AbortSignal): Promise<KioskDevice[]> {
  return http.json('api/devices', z.array(DeviceAnswer), { signal });
}

/** Makes this browser a kiosk screen: the service sets the device cookie here. */
export function createDevice(http: ServiceHttp, label: string): Promise<void> {
  return http.send('api/devices', { method: 'POST', body: { label } });
}

export function revokeDevice(http: ServiceHttp, id: string): Promise<void> {
  return http.send(`api/devices/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
