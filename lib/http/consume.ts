import { type Api, newApi } from './api.ts';
import { type FetchDeps, fetchRecords } from './routes/fetch-records.ts';
import { listPartitions, type PartitionsDeps } from './routes/partitions.ts';

export type ConsumeDeps = FetchDeps & PartitionsDeps;

/** Everything that reads the log. */
export const consumeRoutes = (api: Api, deps: ConsumeDeps): void => {
  listPartitions(api, deps);
  fetchRecords(api, deps);
};

/** The application that gives records out. */
export const consumeApp = (deps: ConsumeDeps): Api => {
  const api = newApi(deps);
  consumeRoutes(api, deps);
  return api;
};
