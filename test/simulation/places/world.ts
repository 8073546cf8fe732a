import { OutcomeUnknownError, Problem } from '../../../lib/domain/errors.ts';
import { deliveryDefaults, type Endpoint, type PushGroup } from '../../../lib/domain/groups/groups.ts';
import { urlMark } from '../../../lib/domain/groups/places.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import { findGroup } from '../../../lib/groups/describe.ts';
import { changeEndpoint } from '../../../lib/groups/endpoints/change-endpoint.ts';
import { storeEndpoint } from '../../../lib/groups/endpoints/register-endpoint.ts';
import { leaveGroupPlace, takeGroupPlace } from '../../../lib/groups/group-places.ts';
import type { GroupStore } from '../../../lib/stores/groups.ts';
import { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import { newId } from '../../../lib/surroundings/ids.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { ownSecrets, simulatedKeyring } from '../../harness/secrets.ts';
import { Scheduler, seededRandom } from '../scheduler.ts';
import type { Mutant } from './mutants.ts';
import { Names, reached } from './network.ts';

const topic: Topic = {
  ...{ name: 'orders', topicId: 't', partitions: 1, retentionHours: null, archive: true },
  ...{ createdAt: 0, version: 1 },
};

/** Groups that are there from the beginning, as a version that knew no places made them. */
const groupsBefore = limits.groupsPerTopic - 3;
const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const urls = Array.from({ length: limits.endpointsPerGroup + 3 }, (_, n) => `https://example.com/${n}`);

const group = (name: string, groupId: string): PushGroup => ({
  ...{ name, groupId, topic: 'orders', topicId: 't', mode: 'push' },
  ...{ start: 'latest', startOffsets: [0], delivery: deliveryDefaults, createdAt: 0 },
});

const endpoint = (endpointId: string, url: string, createdAt: number): Endpoint => ({
  ...{ endpointId, url, secrets: ['whsec_a'], status: 'disabled', createdAt },
});

interface Actor {
  readonly groups: GroupStore;
  readonly clock: Clock;
  readonly random: Random;
}

const one = <T>(random: Random, items: readonly T[]): T | undefined =>
  items[Math.floor(random.number() * items.length)];

const register = async ({ groups, clock, random }: Actor): Promise<void> => {
  const read = await findGroup(groups, topic, 'billing');
  const url = one(random, urls) ?? '';
  await storeEndpoint({ groups, clock }, topic, read, endpoint(newId(random), url, clock.now()));
};

const move = async ({ groups, clock, random }: Actor): Promise<void> => {
  const { endpoints } = await findGroup(groups, topic, 'billing');
  const moved = one(random, endpoints);
  if (moved === undefined) return;
  const nothing = {
    cursors: { list: async () => new Map() },
    partitions: { list: async () => new Map() },
    reader: { endOffset: async () => 0 },
    queue: { send: async () => undefined },
    telemetry: noTelemetry,
    webhooks: { post: () => Promise.reject(new Error('Nobody is asked.')) },
    secrets: ownSecrets({ clock, random, keyring: simulatedKeyring }),
  };
  const at = { group: 'billing', endpointId: moved.endpointId, requestId: 'r' };
  await changeEndpoint(
    { groups, clock, ...nothing },
    topic,
    at,
    { url: one(random, urls) ?? '' },
    'localhost',
  );
};

const remove = async ({ groups, random }: Actor): Promise<void> => {
  const { endpoints } = await findGroup(groups, topic, 'billing');
  const removed = one(random, endpoints);
  if (removed) await groups.deleteEndpoint({ topicId: 't', group: 'billing' }, removed.endpointId);
};

const create = async ({ groups, clock, random }: Actor): Promise<void> => {
  const name = one(random, names) ?? '';
  const groupId = newId(random);
  for (;;) {
    const standing = await groups.list('t');
    if (standing.some((each) => each.group.name === name)) return;
    if (await takeGroupPlace({ groups, clock }, 't', standing, { groupId, name })) break;
  }
  const { created } = await groups.create(group(name, groupId));
  if (!created) await leaveGroupPlace({ groups }, { topicId: 't', groupId });
};

const drop = async ({ groups, random }: Actor): Promise<void> => {
  const found = await groups.get({ topicId: 't', group: one(random, names) ?? '' });
  if (found === undefined) return;
  await groups.delete({ topicId: 't', group: found.group.name }, found.group.groupId);
  await leaveGroupPlace({ groups }, found.group);
};

const actions = [register, register, register, move, move, remove, create, create, create, drop, drop];

/** Refusals and lost answers are what comes of such a network. */
const expected = (error: unknown): boolean =>
  error instanceof Problem || error instanceof OutcomeUnknownError;

const tooManyGroups = async (store: MemoryGroupStore): Promise<string | undefined> => {
  const { length } = await store.list('t');
  return length > limits.groupsPerTopic ? `${length} groups in a topic` : undefined;
};

const wrongEndpoints = async (store: MemoryGroupStore): Promise<string | undefined> => {
  const { endpoints } = await findGroup(store, topic, 'billing');
  if (endpoints.length > limits.endpointsPerGroup) return `${endpoints.length} endpoints in a group`;
  const marks = new Set(endpoints.map(({ url }) => urlMark(url)));
  return marks.size < endpoints.length ? 'two of one URL' : undefined;
};

/** Three hours in which requests come, from processes that end anywhere; then one that has its way. */
export const runPlaces = async (seed: number, mutant?: Mutant): Promise<{ breach: string | undefined }> => {
  const scheduler = new Scheduler();
  const random = seededRandom(seed);
  const store = new MemoryGroupStore();
  const found: Promise<string | undefined>[] = [];
  const look = (method: string): void =>
    void found.push(method === 'create' ? tooManyGroups(store) : wrongEndpoints(store));
  for (let n = 0; n < groupsBefore; n += 1) await store.create(group(`old-${n}`, `old-${n}`));
  await store.create(group('billing', 'billing'));
  for (let n = 0; n < 5; n += 1)
    await store.putEndpoint({ topicId: 't', group: 'billing' }, endpoint(`old-${n}`, `${urls[n]}`, 0));
  const served = mutant === undefined ? store : withMutant(store, mutant);
  const bound = new Names();
  const unexpected: unknown[] = [];
  const act = (action: (actor: Actor) => Promise<void>): void => {
    const skew = (random.number() - 0.5) * 60_000;
    const clock = { ...scheduler.clock, now: () => scheduler.now() + skew };
    const groups = reached({ scheduler, random, store: served, look, names: bound });
    action({ groups, clock, random }).catch((error: unknown) => {
      if (!expected(error)) unexpected.push(error);
    });
  };
  for (let n = 0; n < 150; n += 1) {
    const burst = random.number() < 0.3 ? 200 : 3 * 60 * 60_000;
    scheduler.after(random.number() * burst, () => act(one(random, actions) ?? register));
  }
  await scheduler.run();
  if (unexpected.length > 0) throw unexpected[0];
  const breach = (await Promise.all(found)).find((each) => each !== undefined);
  return { breach: breach ?? (await stuck(store, scheduler)) };
};

const withMutant = (store: MemoryGroupStore, mutant: Mutant): MemoryGroupStore => {
  const changed = mutant.of(store);
  return new Proxy(store, {
    get: (_store, name) => {
      const member: unknown = Reflect.get(changed, name) ?? Reflect.get(store, name);
      return typeof member === 'function' ? member.bind(store) : member;
    },
  });
};

/** After all that, every place that nobody has is free. */
const stuck = async (store: MemoryGroupStore, { clock }: Scheduler): Promise<string | undefined> => {
  const deps = { groups: store, clock: { ...clock, now: () => clock.now() + 10 * 60_000 } };
  for (const url of urls) {
    const read = await findGroup(store, topic, 'billing');
    if (read.endpoints.length === limits.endpointsPerGroup) break;
    if (read.endpoints.some((each) => each.url === url)) continue;
    try {
      await storeEndpoint(deps, topic, read, endpoint(`last-${url.length}-${url.at(-1)}`, url, 0));
    } catch (error) {
      return `A place stays taken: ${String(error)}`;
    }
  }
  for (const name of names) {
    const standing = await store.list('t');
    if (standing.length === limits.groupsPerTopic) break;
    if (standing.some((each) => each.group.name === name)) continue;
    try {
      await takeGroupPlace(deps, 't', standing, { groupId: `last-${name}`, name });
      await store.create(group(name, `last-${name}`));
    } catch (error) {
      return `A group's place stays taken: ${String(error)}`;
    }
  }
  return (await wrongEndpoints(store)) ?? tooManyGroups(store);
};
