import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem } from '../../lib/domain/errors.ts';
import { deliveryDefaults, type Endpoint, type PushGroup } from '../../lib/domain/groups/groups.ts';
import { limits } from '../../lib/domain/limits.ts';
import { topicDefaults } from '../../lib/domain/topics.ts';
import { createGroup } from '../../lib/groups/create.ts';
import { findGroup } from '../../lib/groups/describe.ts';
import { storeEndpoint } from '../../lib/groups/endpoints/register-endpoint.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { implementations, type Running } from './implementations.ts';

const topic = { ...topicDefaults, name: 'orders', topicId: 't', createdAt: 0, version: 1, partitions: 1 };
const ref = { topicId: 't', group: 'billing' };
const racers = 30;

const group = (name: string): PushGroup => ({
  ...{ name, groupId: `id-of-${name}`, topic: 'orders', topicId: 't', mode: 'push' },
  ...{ start: 'earliest', startOffsets: [0], delivery: deliveryDefaults, createdAt: 0 },
});
const endpoint = (n: number, url: string): Endpoint => ({
  ...{ endpointId: `e${n}`, url, secrets: ['whsec_a'], status: 'disabled', createdAt: 0 },
});

/** How many of as many requests at the same time were done, and the codes with which the others were refused. */
const race = async (request: (n: number) => Promise<unknown>): Promise<[number, unknown[]]> => {
  const done = await Promise.allSettled(Array.from({ length: racers }, (_, n) => request(n)));
  const refused = done.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  const codes = new Set(refused.map((error) => (error instanceof Problem ? error.code : error)));
  return [racers - refused.length, [...codes]];
};

describe.each(implementations)('$name', ({ start }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.stop());

  test(`${racers} endpoints that are registered at once get the places that there are`, async () => {
    const { groups } = await running.open();
    await groups.create(group('billing'));
    const register = async (n: number) =>
      storeEndpoint(
        { groups, clock },
        topic,
        await findGroup(groups, topic, 'billing'),
        endpoint(n, `https://example.com/${n}`),
      );
    expect(await race(register)).toStrictEqual([limits.endpointsPerGroup, ['limit_exceeded']]);
    const standing = async () => (await groups.get(ref))?.endpoints ?? [];
    expect(await standing()).toHaveLength(limits.endpointsPerGroup);
    await groups.deleteEndpoint(ref, (await standing())[0]?.endpointId ?? '');
    expect(await race((n) => register(n + racers))).toStrictEqual([1, ['limit_exceeded']]);
    expect(await standing()).toHaveLength(limits.endpointsPerGroup);
  });

  test(`of ${racers} that are registered at once for one URL, one is`, async () => {
    const { groups } = await running.open();
    await groups.create(group('billing'));
    const register = async (n: number) =>
      storeEndpoint(
        { groups, clock },
        topic,
        await findGroup(groups, topic, 'billing'),
        endpoint(n, 'https://example.com/'),
      );
    expect(await race(register)).toStrictEqual([1, ['endpoint_exists']]);
    expect((await groups.get(ref))?.endpoints).toHaveLength(1);
  });

  test(`${racers} groups that are created at once get the places that there are`, async () => {
    const { groups, topics, partitions } = await running.open();
    const places = 7;
    for (let n = 0; n < limits.groupsPerTopic - places; n += 1) await groups.create(group(`before-${n}`));
    const reader = { endOffset: async () => 0, offsetAtTime: async () => 0 };
    const directory = new TopicDirectory({ topics, clock });
    const deps = { groups, topics, directory, partitions, reader, clock, random };
    const create = (n: number) =>
      createGroup(deps, topic, `group-${n}`, {
        mode: 'push',
        start: 'earliest',
        delivery: deliveryDefaults,
      });
    expect(await race(create)).toStrictEqual([places, ['limit_exceeded']]);
    const standing = await groups.list('t');
    expect(standing).toHaveLength(limits.groupsPerTopic);
    await groups.delete({ topicId: 't', group: 'before-1' }, 'id-of-before-1');
    expect(await race((n) => create(n + racers))).toStrictEqual([1, ['limit_exceeded']]);
    expect(await groups.list('t')).toHaveLength(limits.groupsPerTopic);
  }, 30_000);
});
