import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { type SweepDeps, sweep } from '../../../lib/delivery/sweep/sweep.ts';
import { resealing } from '../../../lib/secrets/endpoint-secrets.ts';
import { groupRef, makeRig, type RigOptions } from './rig.ts';

/** As the first sweep of a version that seals does it, so that none here has that to do. */
const sealEndpoint = async ({ groups, deps, calls }: Awaited<ReturnType<typeof makeRig>>): Promise<void> => {
  const [endpoint] = (await groups.get(groupRef))?.endpoints ?? [];
  if (endpoint === undefined) return;
  const change = await resealing(deps.secrets, { ...groupRef, endpointId: endpoint.endpointId }, endpoint, 0);
  await groups.updateEndpoint(groupRef, endpoint, change ?? {});
  calls.length = 0;
};

/** A topic of two partitions, a group with an endpoint in the first of them, and what sweeps them, all in memory. */
export const makeSweep = async (options: RigOptions = {}) => {
  const made = await makeRig(options);
  await sealEndpoint(made);
  const settings = { partitions: 2, retentionHours: null, archive: false };
  await made.topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
  const { topics, partitions, removals, schemas, sweepPlaces, members, paces, deps } = made;
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const ends = new PartitionEnds(deps.batches);
  const sweepDeps: SweepDeps = {
    ...deps,
    ends,
    topics,
    partitions,
    removals,
    schemas,
    sweepPlaces,
    members,
    paces,
    appender,
  };
  const run = { remainingMs: () => 240_000 };
  return {
    ...made,
    sweepDeps,
    sweep: (other: Partial<SweepDeps> = {}) => sweep({ ...sweepDeps, ...other }, run),
  };
};
