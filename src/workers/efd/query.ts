/** InfluxQL for the few questions of this worker, and the way of an answer from the Hub service to blocks of rows. */
import { AppError } from '../../core/errors.ts';
import { errorOf, overNetwork, type FetchLike } from '../shared/fetchBytes.ts';
import { MsgpackRowReader, type RowBlock } from './msgpackRows.ts';

export type Nanoseconds = bigint;

/** A quoted name: InfluxQL escapes like this in identifiers. */
function quoted(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** POSIX ms to the nanoseconds of a row key. Boundaries need no more than the microsecond a double holds. */
export function nanosecondsOf(unixMs: number): Nanoseconds {
  return BigInt(Math.round(unixMs * 1000)) * 1000n;
}

/**
 * Rows of a topic with begin <= time < end, oldest first. The limits are integer literals: a number in JavaScript would
 * round them to 256 ns and lose or repeat a row at a seam.
 */
export function selectRows(
  topic: string,
  fields: readonly string[],
  begin: Nanoseconds,
  end: Nanoseconds,
): string {
  return `SELECT ${fields.map(quoted).join(', ')} FROM ${quoted(topic)} WHERE time >= ${begin} AND time < ${end}`;
}

export function selectNewest(
  topic: string,
  fields: readonly string[],
  since: Nanoseconds,
  limit: number,
): string {
  return `SELECT ${fields.map(quoted).join(', ')} FROM ${quoted(topic)} WHERE time >= ${since} ORDER BY time DESC LIMIT ${limit}`;
}

export interface EfdConnection {
  readonly queryUrl: string;
  readonly xsrfToken: string;
  readonly signal: AbortSignal;
  readonly fetch: FetchLike;
}

const SUBJECT = 'The EFD';

/** All statements in one request: the database answers them one after the other. */
export async function runQuery(
  statements: readonly string[],
  connection: EfdConnection,
): Promise<RowBlock[]> {
  const { queryUrl, signal } = connection;
  const init: RequestInit = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-XSRFToken': connection.xsrfToken },
    body: JSON.stringify({ q: statements.join('; ') }),
    cache: 'no-store',
    signal,
  };
  const response = await overNetwork(() => connection.fetch(queryUrl, init), SUBJECT, queryUrl, signal);
  if (!response.ok) throw await errorOf(response, SUBJECT, queryUrl);
  const stream = response.body?.getReader();
  if (!stream) throw new AppError('Unreachable', 'The EFD gave an empty answer; it is asked again.');
  const rows = new MsgpackRowReader();
  const blocks: RowBlock[] = [];
  try {
    for (;;) {
      const { done, value } = await overNetwork(() => stream.read(), SUBJECT, queryUrl, signal);
      if (done) break;
      blocks.push(...rows.push(value));
    }
  } catch (thrown) {
    // Ends the query in the database too, when the answer turned out to be an error half-way.
    void stream.cancel().catch(() => undefined);
    throw thrown;
  }
  blocks.push(...rows.end());
  return blocks;
}
