import { type Api, newApi } from './api.ts';
import { type ProduceDeps, produceRecords } from './routes/produce-records.ts';

export type { ProduceDeps } from './routes/produce-records.ts';

/** The application that takes records in. */
export const produceApp = (deps: ProduceDeps): Api => {
  const api = newApi(deps);
  produceRecords(api, deps);
  return api;
};
