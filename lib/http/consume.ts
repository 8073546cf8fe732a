import { type Api, newApi } from './api.ts';
import { type FetchDeps, fetchRecords } from './routes/fetch-records.ts';
import { listPartitions, type PartitionsDeps } from './routes/partitions.ts';

export type ConsumeDeps = FetchDeps & PartitionsDeps;

/** The application that gives records out. */
export const consumeApp = (deps: ConsumeDeps): Api => {
  const api = newApi(deps);
  listPartitions(api, deps);
  fetchRecords(api, deps);
  return api;
};
