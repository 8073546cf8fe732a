import { type AnyDeps, type Api, newApi } from './api.ts';
import { descriptionRoute } from './routes/description.ts';
import { type DocsDeps, docsPages } from './routes/docs.ts';

export type DescribeDeps = AnyDeps & DocsDeps;

/** The application that tells what the interface is: to programs, and to people. It knows nothing of what the broker holds. */
export const describeApp = (deps: DescribeDeps): Api => {
  const api = newApi(deps);
  descriptionRoute(api);
  docsPages(api, deps);
  return api;
};
