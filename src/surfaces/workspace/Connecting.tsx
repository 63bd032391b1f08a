import type { AppError } from '../../core/errors.ts';

export interface ConnectingProps {
  /** Why the last try failed; null before the first answer. */
  readonly error: AppError | null;
  readonly signInUrl: string;
}

/** What the page shows before the service has told it what the site has. */
export function Connecting({ error, signInUrl }: ConnectingProps) {
  return (
    <main className="connecting">
      <h1>Summit Notebook</h1>
      {error ? (
        <p role="alert" className="problem">
          {error.message}
        </p>
      ) : (
        <p className="muted">Connecting to the service…</p>
      )}
      {error?.tag === 'AccessDenied' ? (
        <a className="button" href={signInUrl}>
          Sign in
        </a>
      ) : (
        error && <p className="muted">Trying again by itself.</p>
      )}
    </main>
  );
}
