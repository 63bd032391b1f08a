/** Entry of the image worker. */
import { expose, releaseProxy, transfer } from 'comlink';
import type { Remote } from 'comlink';
import { guard } from '../shared/guard.ts';
import type { ImageWorkerApi, OpenProgress } from './contract.ts';
import { createImageApi } from './imageApi.ts';

const api = createImageApi();

const overComlink: ImageWorkerApi = {
  ...api,
  async open(request, onProgress) {
    // From here it is a proxy with a message port of its own, which would never be collected.
    const remote = onProgress as unknown as Remote<(progress: OpenProgress) => void> | undefined;
    try {
      return await api.open(request, (progress) => void remote?.(progress).catch(() => undefined));
    } finally {
      remote?.[releaseProxy]();
    }
  },
  async fits(key) {
    const bytes = await api.fits(key);
    return transfer(bytes, [bytes.buffer]);
  },
  async render(request) {
    const answer = await api.render(request);
    return transfer(answer, [answer.bitmap]);
  },
};

expose(guard(overComlink));
