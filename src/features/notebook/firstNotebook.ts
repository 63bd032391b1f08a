/** The notebook that a user finds on the first visit of a night: the current exposure, opened through the Butler. */
import type { INotebookContent } from '@jupyterlab/nbformat';

export interface ExposureDataId {
  readonly instrument: string;
  readonly exposure: number;
  readonly detector: number;
}

export function notebookPath(dayObs: number): string {
  return `summit-night-${dayObs}.ipynb`;
}

export function firstNotebook(dayObs: number, current: ExposureDataId | null): INotebookContent {
  const dataId = current
    ? `{"instrument": "${current.instrument}", "exposure": ${current.exposure}, "detector": ${current.detector}}`
    : 'max(butler.registry.queryDataIds(["exposure", "detector"], datasets="raw", collections="*"), key=lambda id: id["exposure"])';
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3' },
      language_info: { name: 'python' },
    },
    cells: [
      {
        cell_type: 'markdown',
        id: 'night',
        metadata: {},
        source: `# Night of ${dayObs}\n\nThe cell below opens an exposure of the OODS. Shift-Enter runs it.`,
      },
      {
        cell_type: 'code',
        id: 'open-exposure',
        metadata: {},
        execution_count: null,
        outputs: [],
        source: [
          'import os',
          'from astropy.io import fits',
          'from lsst.daf.butler import Butler',
          '',
          'butler = Butler.from_config(os.environ["SUMMIT_NOTEBOOK_OODS"])',
          `data_id = ${dataId}`,
          'path = butler.getURI("raw", data_id, collections="*").ospath',
          'with fits.open(path) as raw:',
          '    header = raw[0].header',
          '    print(header["OBSID"], header["IMGTYPE"], header["OBJECT"], raw["Segment14"].shape)',
        ].join('\n'),
      },
    ],
  };
}
