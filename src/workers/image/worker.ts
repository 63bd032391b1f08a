/** Entry of the image worker. */
import { expose, releaseProxy, transfer } from 'comlink';
import type { Remote } from 'comlink';
import { guard } from '../shared/guard.ts';
import type { FindCalibs, ImageWorkerApi, OpenProgress } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { Renderer } from './renderer/renderer.ts';

const api = createImageApi(
  (url, init) => fetch(url, init),
  () => new Renderer(),
);

const overComlink: ImageWorkerApi = {
  ...api,
  async open(request, findCalibs, onProgress) {
    // From here they are proxies with message ports of their own, which would never be collected.
    const find = findCalibs as unknown as Remote<FindCalibs>;
    const report = onProgress as unknown as Remote<(progress: OpenProgress) => void> | undefined;
    try {
      return await api.open(request, find, (progress) => void report?.(progress).catch(() => undefined));
    } finally {
      find[releaseProxy]();
      report?.[releaseProxy]();
    }
  },
  async preview(request, findCalibs) {
    const find = findCalibs as unknown as Remote<FindCalibs>;
    try {
      return await api.preview(request, find);
    } finally {
      find[releaseProxy]();
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
