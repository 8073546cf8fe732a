import { describe, expect, it } from 'vitest';
import { endpointFor } from '../../../lib/domain/delivery/endpoints.ts';
import {
  deliveryDefaults,
  disabling,
  type Endpoint,
  type PushGroup,
} from '../../../lib/domain/groups/groups.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { answered, groupRef, makeRig, ok, secret, unreachable } from './rig.ts';

const longestMs = 3_600_000;
const endpointOf = (endpointId: string, more: Partial<Endpoint> = {}): Endpoint => ({
  endpointId,
  url: `https://${endpointId}.example.com/`,
  secrets: [secret],
  status: 'enabled',
  createdAt: 0,
  ...more,
});
const out = (retryAt: number) => ({
  outage: { failingSince: 0, failedAt: 0, outageMs: 0, attempts: 1, retryAt },
});
const groupOf = (partitions: number): PushGroup => ({
  name: 'billing',
  groupId: 'g1',
  topic: 'orders',
  topicId: 't1',
  mode: 'push',
  start: 'earliest',
  startOffsets: Array.from({ length: partitions }, () => 0),
  delivery: deliveryDefaults,
  createdAt: 0,
});
/** The endpoint of each of 12 partitions at 1000 ms. */
const owners = (endpoints: readonly Endpoint[], probes = true): (string | undefined)[] =>
  Array.from({ length: 12 }, (_, partition) => {
    const options = { now: 1000, longestMs, probes };
    const chosen = endpointFor({ group: groupOf(12), endpoints }, partition, options);
    return chosen && `${chosen.endpoint.endpointId}${chosen.isProbe ? ' probed' : ''}`;
  });
const counts = (names: readonly (string | undefined)[]) =>
  Object.fromEntries([...Map.groupBy(names, String)].map(([name, all]) => [name, all.length]));

describe('the endpoint of a partition', () => {
  it('is one of those that are enabled, each of which has as many as the others', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => endpointOf(id));
    expect(counts(owners(four))).toEqual({ a: 3, b: 3, c: 3, d: 3 });
    const three = four.map((each) => (each.endpointId === 'b' ? { ...each, ...disabling('', 0) } : each));
    expect(counts(owners(three as Endpoint[]))).toEqual({ a: 4, c: 4, d: 4 });
    expect(owners([]).at(0)).toBeUndefined();
  });

  it('is none that is out, while another is not; and each has its own again afterwards', () => {
    const all = [endpointOf('a'), endpointOf('b', out(2000)), endpointOf('c')];
    expect(counts(owners(all))).toEqual({ a: 6, c: 6 });
    const healed = [endpointOf('a'), endpointOf('b'), endpointOf('c')];
    expect(counts(owners(healed))).toEqual({ a: 4, b: 4, c: 4 });
  });

  it('is tried again where its time has come, for the partitions that would be its own', () => {
    const all = [endpointOf('a'), endpointOf('b', out(1000))];
    expect(counts(owners(all))).toEqual({ a: 6, 'b probed': 6 });
    expect(counts(owners(all, false))).toEqual({ a: 12 });
  });

  it('is tried in spite of an outage where all are out', () => {
    expect(counts(owners([endpointOf('a', out(9000)), endpointOf('b', out(9000))]))).toEqual({ a: 6, b: 6 });
  });
});

/** Two endpoints, of which the test says which are down. */
const makeTwo = async () => {
  const made = await makeRig({ delivery: { batchSize: 1 } });
  await made.groups.putEndpoint(groupRef, endpointOf('e2', { createdAt: made.clock.now() }));
  const names: Record<string, string> = {
    'https://hooks.example.com/': 'e1',
    'https://e2.example.com/': 'e2',
  };
  const down = new Set<string>();
  made.rig.answer = ({ url }: WebhookRequest) => (down.has(names[url] ?? '') ? unreachable : ok);
  const called = () => made.sent.map(({ url }) => names[url]);
  const settle = async (rounds = 20): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const [next] = made.takeWakes();
      if (next === undefined) return;
      made.pass(next.delayMs);
      await made.deliver(next.wake);
    }
  };
  const outageOf = async (id: string) =>
    (await made.groups.get(groupRef))?.endpoints.find(({ endpointId }) => endpointId === id)?.outage;
  made.append({ value: 1 });
  await made.deliver();
  const [own = ''] = called();
  return { ...made, down, called, settle, outageOf, own, other: own === 'e1' ? 'e2' : 'e1' };
};

describe('a group with two endpoints', () => {
  it('goes on with the other within one failed attempt, with the same message', async () => {
    const { down, own, other, append, deliver, called, sent, cursor, settle, outageOf } = await makeTwo();
    down.add(own);
    append({ value: 2 }, { value: 3 });
    await deliver();
    await settle();
    expect(called().slice(1)).toEqual([own, other, other]);
    expect(sent[1]?.headers['webhook-id']).toBe(sent[2]?.headers['webhook-id']);
    expect(await cursor()).toMatchObject({ committed: 3 });
    expect(await outageOf(own)).toMatchObject({ attempts: 1 });
  });

  it('goes back to the first when that answers again, which one attempt finds out when it is due', async () => {
    const { down, own, other, append, deliver, called, settle, outageOf, pass } = await makeTwo();
    down.add(own);
    append({ value: 2 });
    await deliver();
    await settle();
    pass(5000);
    append({ value: 3 });
    await deliver();
    await settle();
    // Once in vain, and then the message went to the other all the same.
    expect(called().slice(3)).toEqual([own, other]);
    expect(await outageOf(own)).toMatchObject({ attempts: 2 });
    down.clear();
    pass(10_000);
    append({ value: 4 }, { value: 5 });
    await deliver();
    expect(called().slice(5)).toEqual([own, own]);
    expect(await outageOf(own)).toBeUndefined();
  });

  it('backs off where both are out, and loses nothing', async () => {
    const { down, append, deliver, called, cursor, settle, dead } = await makeTwo();
    down.add('e1').add('e2');
    append({ value: 2 });
    await deliver();
    await settle(6);
    expect(new Set(called())).toEqual(new Set(['e1', 'e2']));
    expect(await cursor()).toMatchObject({ committed: 1 });
    down.clear();
    await settle();
    expect(await cursor()).toMatchObject({ committed: 2 });
    expect(dead.offsets).toEqual([]);
  });

  it('hands nothing to the other for a refusal', async () => {
    const { rig, own, append, deliver, called } = await makeTwo();
    rig.answer = () => answered(500);
    append({ value: 2 });
    await deliver();
    expect(called().slice(1)).toEqual([own]);
  });

  it('leaves alone what asked for it, and the other takes the message at once', async () => {
    const { rig, own, other, append, deliver, called, outageOf, clock } = await makeTwo();
    const answer = rig.answer;
    let asked = false;
    rig.answer = (request) => {
      if (asked) return answer(request);
      asked = true;
      return answered(429, { retryAfter: '1800' });
    };
    append({ value: 2 });
    const begun = clock.now();
    await deliver();
    expect(called().slice(1)).toEqual([own, other]);
    expect(clock.now() - begun).toBeLessThan(1000);
    expect((await outageOf(own))?.retryAt).toBe(begun + 1_800_000);
  });

  it('disables one that was out for five days, and goes on with the other', async () => {
    const { down, own, other, append, deliver, called, settle, groups, pass } = await makeTwo();
    down.add(own);
    for (let hours = 0; hours < 6 * 24; hours += 1) {
      append({ value: hours });
      await deliver();
      await settle();
      pass(20 * 60_000);
      append({ value: hours });
      await deliver();
      await settle();
      pass(14 * 60_000);
      append({ value: hours });
      await deliver();
      await settle();
      pass(26 * 60_000);
    }
    const endpoints = (await groups.get(groupRef))?.endpoints ?? [];
    expect(endpoints.find(({ endpointId }) => endpointId === own)).toMatchObject({
      status: 'disabled',
      disabledReason: expect.stringMatching(/It has not taken a message since/),
    });
    expect(called().at(-1)).toBe(other);
  });
});
