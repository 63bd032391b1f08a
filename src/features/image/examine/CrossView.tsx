/** The row and the column through the pointer; what was under it last stays when it leaves the image. */
import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { toAppError } from '../../../core/errors.ts';
import type { DetectorPixel } from '../../../core/frames.ts';
import type { CrossAnswer, CrossRequest } from '../../../workers/image/contract.ts';
import type { CrossAction } from '../actionLog.ts';
import type { ImageStore } from '../imageState.ts';
import { Plot } from '../Plot.tsx';
import type { PlotTrace } from '../plot.ts';

export interface CrossViewProps {
  readonly store: ImageStore;
  readonly onMeasured: (measured: Omit<CrossAction, 'kind'>) => void;
  readonly theme?: string;
}

/** Rows or columns beside each other; the last is more than any detector has. */
const WIDTHS = [
  [1, '1 px'],
  [5, '5 px'],
  [21, '21 px'],
  [101, '101 px'],
  [1e6, 'whole image'],
] as const;
const COMBINES = ['mean', 'median'] as const;
/** Two plots are drawn no more often, so that the page's thread stays free for the pointer. */
const DRAW_EVERY_MS = 150;

export function CrossView({ store, onMeasured, theme }: CrossViewProps) {
  const [widthPx, setWidthPx] = useState<number>(1);
  const [how, setHow] = useState<CrossRequest['how']>('mean');
  const { answer, whole, problem } = useCross(store, widthPx, how, onMeasured);
  const traces = useMemo(
    () =>
      answer && {
        row: [{ name: 'row', x: places(answer.row), y: answer.row, mode: 'lines' }] as readonly PlotTrace[],
        column: [
          { name: 'column', x: places(answer.column), y: answer.column, mode: 'lines' },
        ] as readonly PlotTrace[],
      },
    [answer],
  );
  const layouts = useMemo(
    () => ({
      row: { x: 'x (px)', y: `value (${answer?.unit ?? ''})` },
      column: { x: 'y (px)', y: `value (${answer?.unit ?? ''})` },
    }),
    [answer?.unit],
  );
  return (
    <div data-testid="cross">
      <p className="image-examine-of">
        {answer
          ? whole
            ? 'All rows and columns'
            : `Through ${answer.at.x}, ${answer.at.y}`
          : 'Point at the image'}
      </p>
      <p className="image-cross-options">
        <label>
          Width
          <select value={widthPx} onChange={(event) => setWidthPx(Number(event.target.value))}>
            {WIDTHS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          of which the
          <select value={how} onChange={(event) => setHow(event.target.value as CrossRequest['how'])}>
            {COMBINES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </p>
      {problem && <p role="alert">{problem}</p>}
      {traces && (
        <>
          <Plot label="Row" traces={traces.row} layout={layouts.row} name="row" {...(theme && { theme })} />
          <Plot
            label="Column"
            traces={traces.column}
            layout={layouts.column}
            name="column"
            {...(theme && { theme })}
          />
        </>
      )}
    </div>
  );
}

function places(values: Float64Array): Float64Array {
  return values.map((_, i) => i);
}

interface Cross {
  readonly answer: CrossAnswer | null;
  /** The answer is of all rows and columns. */
  readonly whole: boolean;
  readonly problem: string | null;
}

/** One question at a time, and the last place wins; of the whole image the place does not matter. */
function useCross(
  store: ImageStore,
  widthPx: number,
  how: CrossRequest['how'],
  onMeasured: CrossViewProps['onMeasured'],
): Cross {
  const [state, setState] = useState<Cross>({ answer: null, whole: false, problem: null });
  const shownAs = useStore(store, (s) => s.shownAs);
  useEffect(() => {
    let ended = false;
    let asked: DetectorPixel | null = null;
    let busy = false;
    const whole = shownAs !== null && widthPx >= Math.max(shownAs.width, shownAs.height);
    const ask = async () => {
      const at = store.getState().pointer ?? (whole && asked === null ? { x: 0, y: 0 } : null);
      if (busy || ended || !at || at === asked || (whole && asked !== null)) return;
      busy = true;
      asked = at;
      try {
        const answer = await store.cross({ at, widthPx, how });
        if (!ended) setState({ answer, whole, problem: null });
        if (answer && shownAs && shownAs === store.getState().shownAs) {
          onMeasured({ at, widthPx, how, width: shownAs.width, height: shownAs.height });
        }
      } catch (thrown) {
        if (!ended) setState({ answer: null, whole, problem: toAppError(thrown).message });
      }
      await new Promise((resolve) => setTimeout(resolve, DRAW_EVERY_MS));
      busy = false;
      void ask();
    };
    void ask();
    const end = store.subscribe((now, before) => {
      if (now.pointer !== before.pointer) void ask();
    });
    return () => {
      ended = true;
      end();
    };
  }, [store, shownAs, widthPx, how, onMeasured]);
  return state;
}
