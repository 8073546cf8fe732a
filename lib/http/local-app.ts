import { type AdminDeps, adminRoutes } from './admin.ts';
import { type Api, newApi } from './api.ts';
import { type ConsumeDeps, consumeRoutes } from './consume.ts';
import type { ProduceDeps } from './produce.ts';
import { produceRecords } from './routes/produce-records.ts';

export type LocalAppDeps = ProduceDeps & ConsumeDeps & AdminDeps;

/** The whole interface as one application, for a process that serves all of it. */
export const localApp = (deps: LocalAppDeps): Api => {
  const api = newApi(deps);
  produceRecords(api, deps);
  consumeRoutes(api, deps);
  adminRoutes(api, deps);
  return api;
};
