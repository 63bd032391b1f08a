/** What was done on the page, as a cell of Python to read and to copy. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ActionLog } from '../../features/image/actionLogStore.ts';
import { Dialog } from './Dialog.tsx';

export interface PythonDialogProps {
  readonly actionLog: ActionLog;
  readonly onCopy: () => void;
  readonly onClose: () => void;
}

export default function PythonDialog({ actionLog, onCopy, onClose }: PythonDialogProps) {
  const [code, setCode] = useState<string | null>(null);
  const [count] = useState(() => actionLog.actions().length);
  useEffect(() => {
    let current = true;
    void actionLog.python().then((text) => current && setCode(text));
    return () => {
      current = false;
    };
  }, [actionLog]);
  const cell = useRef<HTMLPreElement>(null);
  // What was done last is at its end.
  useLayoutEffect(() => {
    if (cell.current) cell.current.scrollTop = cell.current.scrollHeight;
  }, [code]);
  return (
    <Dialog title="Python of what was done" onClose={onClose}>
      {count === 0 ? (
        <p>Nothing was done yet that Python could repeat: open an image, examine a star, draw a region.</p>
      ) : (
        <>
          <p className="python-about">
            <span>
              {count} {count === 1 ? 'action' : 'actions'}, for a notebook that has a <code>butler</code>.
              Sources are not repeated: the Python package has no counterpart.
            </span>
            <button type="button" title="Copy (Y)" disabled={code === null} onClick={onCopy}>
              Copy
            </button>
          </p>
          <pre ref={cell} className="python-code" data-testid="python-code" tabIndex={0} aria-label="Python">
            {code}
          </pre>
        </>
      )}
    </Dialog>
  );
}
