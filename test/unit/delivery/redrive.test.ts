import { describe, expect, it } from 'vitest';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import type { DeliverySettings, Redrive } from '../../../lib/domain/groups/groups.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { bodyText } from '../../harness/body-text.ts';
import { recordOf } from '../../harness/records.ts';
import { deadTopic } from '../../simulation/delivery/dead-letters.ts';
import { answered, groupRef, makeRig, offsetsOf, ok, unreachable } from './rig.ts';

const letters = { topicId: deadTopic.topicId, partition: 0 };
const laneRef = { groupId: 'g1', partition: 0, lane: 'r1' };
const orders = [
  { ordering: 'partition' },
  { ordering: 'key', concurrency: 3 },
  { ordering: 'none', concurrency: 3 },
] as const;

const redriveOf = (from: number, to: number): Redrive => ({
  ...{ redriveId: 'r1', deadTopicId: letters.topicId, ranges: { 0: [from, to] } },
  ...{ through: { 0: to }, requestedAt: 0 },
});

/** A group with `count` dead letters, keyed by their offset, of which it was given those from `from` to `to` again. */
const makeRedrive = async (
  { count, from = 0, to = count }: { count: number; from?: number; to?: number },
  delivery: Partial<DeliverySettings> = {},
) => {
  const soon = { maxAttempts: 2, deadLetterAfterSeconds: 0 };
  const made = await makeRig({ delivery: { ...soon, ...delivery }, group: { redrive: redriveOf(from, to) } });
  const { table } = made.batches;
  const now = made.clock.now();
  for (let value = 0; value < count; value += 1) {
    const data = encodeRecords([recordOf({ key: `k${value}`, value })]);
    const batch = {
      base: value,
      count: 1,
      data,
      writeId: new Uint8Array(8),
      appendedAt: now,
      bytesBefore: 0,
    };
    table.put(letters, batch, now, now);
  }
  const redrive = (wake: Partial<Wake> = {}) => made.deliver({ kind: 'continue', redriveId: 'r1', ...wake });
  /** Answers every wake there is, in the moment that it is due, until none is left. */
  const settle = async (): Promise<void> => {
    for (let [next] = made.takeWakes(); next !== undefined; [next] = made.takeWakes()) {
      made.rig.pass(next.delayMs);
      await made.deliver(next.wake);
    }
  };
  const lane = () => made.cursors.get(laneRef);
  return { ...made, redrive, settle, lane };
};

const dataOf = (request: WebhookRequest): { topic: string; records: { value: unknown }[] } =>
  (JSON.parse(bodyText(request)) as { data: { topic: string; records: { value: unknown }[] } }).data;

describe.each(orders)('dead letters that a push group is given again, in the order $ordering', (order) => {
  it('are sent as records of their own topic, as far as was asked, and move no cursor of the group', async () => {
    const { redrive, takeWakes, sent, lane, cursor } = await makeRedrive({ count: 6, from: 1, to: 5 }, order);
    await redrive();
    expect(sent.flatMap(offsetsOf).toSorted()).toEqual([1, 2, 3, 4]);
    for (const request of sent) expect(dataOf(request).topic).toBe('orders.billing.dead');
    expect(await lane()).toMatchObject({ committed: 5, leaseUntil: 0, attempts: 0 });
    expect(await cursor()).toBeUndefined();
    expect(takeWakes()).toEqual([]);
    const count = sent.length;
    await redrive();
    expect(sent).toHaveLength(count);
  });

  it('are dead letters once more where they are refused again, once each, and the others are delivered', async () => {
    const { redrive, settle, sent, lane, dead, rig, append, deliver, cursor } = await makeRedrive(
      { count: 5 },
      { ...order, batchSize: 2 },
    );
    rig.answer = (request) => {
      const { topic, records } = dataOf(request);
      return topic.endsWith('.dead') && records.some(({ value }) => value === 3) ? answered(422) : ok;
    };
    await redrive();
    append({ value: 'new' });
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 1 });
    await settle();
    expect(dead.offsets).toEqual([{ partition: 0, offset: 3 }]);
    expect(await lane()).toMatchObject({ committed: 5, deadLettered: 1 });
    const alone = sent.filter((request) => offsetsOf(request).join() === '3');
    // Attempts are counted anew.
    expect(alone.at(-1)?.headers['webhook-attempt']).toBe('2');
    expect(await cursor()).toMatchObject({ committed: 1 });
    expect(await cursor()).not.toHaveProperty('deadLettered');
  });

  it('are not asked for by the filter again, which they passed', async () => {
    const { redrive, sent, append, deliver } = await makeRedrive({ count: 2 }, { ...order, filter: 'false' });
    append({ value: 'left out' });
    await deliver();
    expect(sent).toEqual([]);
    await redrive();
    expect(sent.flatMap(offsetsOf).toSorted()).toEqual([0, 1]);
  });

  it('wait out an outage by a wake of their own, with the same message', async () => {
    const { redrive, takeWakes, sent, lane, rig, deliver } = await makeRedrive({ count: 1 }, order);
    rig.answer = () => unreachable;
    await redrive();
    const wakes = takeWakes();
    expect(wakes).toMatchObject([{ wake: { redriveId: 'r1', partition: 0 } }]);
    rig.answer = () => ok;
    for (const { wake, delayMs } of wakes) {
      rig.pass(delayMs);
      await deliver(wake);
    }
    expect(sent.map(({ headers }) => headers['webhook-attempt'])).toEqual(['1', '2']);
    expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await lane()).toMatchObject({ committed: 1 });
  });
});

describe('a wake of a redrive', () => {
  it('finds nothing to do where the group has another by now, or is paused', async () => {
    const made = await makeRedrive({ count: 2 });
    await made.redrive({ redriveId: 'r0' });
    expect(made.sent).toEqual([]);
    const { group } = (await made.groups.get(groupRef)) ?? {};
    if (group === undefined) throw new Error('The group is there.');
    await made.groups.update(group, { pausedSince: 1 });
    await made.redrive({ kind: 'resume' });
    expect(made.sent).toEqual([]);
    expect(made.takeWakes()).toEqual([]);
  });
});
