/** The worker's functions, without the worker around them: importable in Node for tests. */
import { AppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import type { CameraEvent, CameraEventName, EfdCall, EfdWorkerApi, Series, TimeRange } from './contract.ts';
import { ENCODERS, mountError, TRAJECTORY, unixMsOfTaiSeconds } from './mountError.ts';
import { nanosecondsOf, runQuery, selectNewest, selectRows, type EfdConnection } from './query.ts';
import { thinMinMax } from './thin.ts';
import { TopicRows, type Rows } from './topicRows.ts';

const SEEING = { topic: 'lsst.sal.DIMM.logevent_dimmMeasurement', fields: ['timestamp', 'fwhm'] } as const;

/** A packed row is published a good second after its first sample: the row's time is later than what it tells. */
const PUBLISHED_LATER_MS = 3_000;

/** Each event with the field that says when it happened (TAI) and the one that says how long the exposure is. */
const CAMERA_EVENTS: readonly (readonly [CameraEventName, stamp: string, exposure: string])[] = [
  ['startIntegration', 'timestampAcquisitionStart', 'exposureTime'],
  ['startReadout', 'timestampStartOfReadout', 'exposureTime'],
  ['endReadout', 'timestampEndOfReadout', 'requestedExposureTime'],
];
const EVENTS_EACH = 3;

interface Topic {
  readonly topic: string;
  readonly fields: readonly string[];
}

export function createEfdApi(fetch: FetchLike): EfdWorkerApi {
  let queryUrl: string | undefined;
  const jobs = new Map<string, AbortController>();
  const known = new Map<string, TopicRows>();
  /** One reader at a time per topic: two would fetch the same rows and mix up the seam. */
  const turns = new Map<string, Promise<unknown>>();

  async function asJob<T>(call: EfdCall, work: (connection: EfdConnection) => Promise<T>): Promise<T> {
    if (queryUrl === undefined) throw new AppError('Bug', 'The EFD worker was asked before it was started.');
    const abort = new AbortController();
    jobs.set(call.jobId, abort);
    try {
      return await work({ queryUrl, xsrfToken: call.xsrfToken, signal: abort.signal, fetch });
    } finally {
      jobs.delete(call.jobId);
    }
  }

  async function rowsOf(
    { topic, fields }: Topic,
    range: TimeRange,
    connection: EfdConnection,
  ): Promise<Rows> {
    const rows = known.get(topic) ?? new TopicRows(fields.length);
    known.set(topic, rows);
    const before = turns.get(topic) ?? Promise.resolve();
    const mine = before
      .catch(() => undefined)
      .then(() =>
        rows.between(range.begin, range.end + PUBLISHED_LATER_MS, performance.now(), (begin, end) =>
          runQuery([selectRows(topic, fields, begin, end)], connection),
        ),
      );
    turns.set(topic, mine);
    return await mine;
  }

  return {
    start(request) {
      queryUrl = request.queryUrl;
      return Promise.resolve();
    },

    mountError(request) {
      return asJob(request, async (connection) => {
        const [encoders, trajectory] = await Promise.all([
          rowsOf(ENCODERS, request, connection),
          rowsOf(TRAJECTORY, request, connection),
        ]);
        const { times, azimuthArcsec, elevationArcsec } = mountError(encoders, trajectory);
        const series = (name: string, values: Float64Array) =>
          seriesOf(name, 'arcsec', times, values, request.maxPoints);
        return [
          series('azimuth × cos(elevation)', azimuthArcsec),
          series('elevation', elevationArcsec),
        ] as const;
      });
    },

    seeing(request) {
      return asJob(request, async (connection) => {
        const rows = await rowsOf(SEEING, request, connection);
        const [stamps, fwhm] = rows.columns as [Float64Array, Float64Array];
        return seriesOf('DIMM seeing', 'arcsec', stamps.map(unixMsOfTaiSeconds), fwhm, request.maxPoints);
      });
    },

    cameraEvents(request) {
      return asJob(request, async (connection) => {
        const since = nanosecondsOf(request.since);
        const statements = CAMERA_EVENTS.map(([name, stamp, exposure]) =>
          selectNewest(
            `lsst.sal.ATCamera.logevent_${name}`,
            ['imageName', stamp, exposure],
            since,
            EVENTS_EACH,
          ),
        );
        const events: CameraEvent[] = [];
        for (const block of await runQuery(statements, connection)) {
          const name = CAMERA_EVENTS[block.statement]?.[0];
          if (name === undefined) continue;
          for (let row = 0; row < block.rowCount; row++) {
            const seconds = block.numbers[2]?.[row] ?? NaN;
            events.push({
              name,
              atUnixMs: unixMsOfTaiSeconds(block.numbers[1]?.[row] ?? 0),
              imageName: block.texts[0]?.[row] ?? '',
              exposureTimeSeconds: Number.isNaN(seconds) ? null : seconds,
            });
          }
        }
        return events.sort((a, b) => b.atUnixMs - a.atUnixMs);
      });
    },

    cancel(jobId) {
      jobs.get(jobId)?.abort();
      return Promise.resolve();
    },
  };
}

function seriesOf(
  name: string,
  unit: string,
  times: Float64Array,
  values: Float64Array,
  maxPoints: number,
): Series {
  const originUnixMs = times[0] ?? 0;
  const thin = thinMinMax(times, values, maxPoints);
  return {
    name,
    unit,
    originUnixMs,
    timesMs: thin.times.map((t) => t - originUnixMs),
    values: thin.values.slice(),
    newest: times.length === 0 ? null : { unixMs: times.at(-1) ?? 0, value: values.at(-1) ?? NaN },
  };
}
