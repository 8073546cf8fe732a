import { type Api, newApi } from './api.ts';
import { type PullRouteDeps, pullRoutes } from './routes/pull.ts';

export type PullAppDeps = PullRouteDeps;

/** The application that hands records to the consumers of groups that pull. */
export const pullApp = (deps: PullAppDeps): Api => {
  const api = newApi(deps);
  pullRoutes(api, deps);
  return api;
};
