import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { answered, makeRig, offsetsOf, ok, type RigOptions, unreachable } from './rig.ts';

const soon = { maxAttempts: 3, deadLetterAfterSeconds: 0 };
const keyed = (...keys: string[]) => keys.map((key, value) => ({ key, value }));

const makeLanes = async (options: RigOptions = {}) => {
  const made = await makeRig(options);
  /** Answers every wake there is, in the moment that it is due, until none is left or `rounds` were answered. */
  const settle = async (rounds = 300): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const [next] = made.takeWakes();
      if (next === undefined) return;
      made.pass(next.delayMs);
      await made.deliver(next.wake);
    }
  };
  const all = () => made.sent.map(offsetsOf);
  return { ...made, settle, all };
};

/** Answers that come when the test says so. */
const heldAnswers = () => {
  const held: { request: WebhookRequest; answer: (answer: WebhookAnswer) => void }[] = [];
  const post = (request: WebhookRequest): Promise<WebhookAnswer> =>
    new Promise((answer) => held.push({ request, answer }));
  /** Resolves when `count` requests were sent. */
  const sent = async (count: number): Promise<void> => {
    for (let turns = 0; held.length < count && turns < 1000; turns += 1) await Promise.resolve();
    expect(held.length).toBe(count);
  };
  return { held, post, sent };
};

describe('delivery in the order of keys', () => {
  it('has as many requests under way as it may, and never two of one key', async () => {
    const { rig, deliver, append, cursor } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 4, batchSize: 2 },
    });
    append(...keyed('a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'c', 'd', 'e', 'f'));
    const { held, post } = heldAnswers();
    rig.answer = post;
    const done = deliver();
    const under = new Map<WebhookRequest, string[]>();
    const keysOf = (request: WebhookRequest) =>
      (JSON.parse(String(request.body)) as { data: { records: { key: string }[] } }).data.records.map(
        ({ key }) => key,
      );
    let answeredCount = 0;
    let most = 0;
    for (let turns = 0; turns < 2000; turns += 1) {
      await Promise.resolve();
      for (const { request } of held.slice(answeredCount + under.size)) {
        for (const others of under.values())
          expect(others.filter((key) => keysOf(request).includes(key))).toEqual([]);
        under.set(request, keysOf(request));
      }
      most = Math.max(most, under.size);
      const next = turns % 50 === 49 ? held[answeredCount] : undefined;
      if (next === undefined) continue;
      under.delete(next.request);
      answeredCount += 1;
      next.answer(ok);
    }
    await done;
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(await cursor()).toMatchObject({ committed: 12, leaseUntil: 0 });
    expect(await cursor()).not.toHaveProperty('runs');
  });

  it('holds up the key of a refused record alone, until that is a dead letter, and then goes on with it', async () => {
    const { rig, deliver, settle, append, cursor, dead, all } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 2, batchSize: 1, ...soon },
    });
    append(...keyed('a', 'b', 'a', 'c'));
    rig.answer = (request) => (offsetsOf(request).includes(0) ? answered(400) : ok);
    await deliver();
    // The others went on; the second of the key waits, though it is not refused.
    expect(all().flat()).toEqual(expect.arrayContaining([0, 1, 3]));
    expect(all().flat()).not.toContain(2);
    expect(await cursor()).toMatchObject({ committed: 0, leaseUntil: 0, retryAt: 0 });
    append(...keyed('d'));
    await deliver();
    expect(all().flat()).toContain(4);
    await settle();
    expect(dead.offsets).toEqual([{ partition: 0, offset: 0 }]);
    expect(await cursor()).toMatchObject({ committed: 5, deadLettered: 1, leaseUntil: 0 });
    expect(await cursor()).not.toHaveProperty('runs');
    expect(
      all()
        .flat()
        .filter((offset) => offset === 2),
    ).toHaveLength(1);
    expect(
      all()
        .flat()
        .filter((offset) => offset === 0),
    ).toHaveLength(3);
  });

  it('halves a message that is refused, without a record of a key passing one before it', async () => {
    const { rig, deliver, settle, append, cursor, dead, all } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 1, batchSize: 8, ...soon },
    });
    append(...keyed('a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'));
    rig.answer = (request) => (offsetsOf(request).includes(2) ? answered(400) : ok);
    await deliver();
    await settle();
    expect(dead.offsets).toEqual([{ partition: 0, offset: 2 }]);
    expect(await cursor()).toMatchObject({ committed: 8, deadLettered: 1 });
    const accepted = all().filter((offsets) => !offsets.includes(2));
    for (const parity of [0, 1]) {
      const firsts = accepted.flat().filter((offset) => offset % 2 === parity);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  });

  it('is the same message again after an outage, which holds up all and is held against no record', async () => {
    const { rig, deliver, settle, append, cursor, dead, sent } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 3, batchSize: 2, ...soon },
    });
    append(...keyed('a', 'b', 'c', 'd', 'e', 'f'));
    rig.answer = () => unreachable;
    await deliver();
    const first = new Set(sent.map(({ headers }) => headers['webhook-id']));
    await settle(20);
    expect(new Set(sent.map(({ headers }) => headers['webhook-id']))).toEqual(first);
    expect(await cursor()).toMatchObject({ committed: 0 });
    expect((await cursor())?.attempts).toBeGreaterThan(5);
    expect(dead.offsets).toEqual([]);
    rig.answer = () => ok;
    await settle();
    expect(await cursor()).toMatchObject({ committed: 6, attempts: 0, retryAt: 0 });
    expect(await cursor()).not.toHaveProperty('failingSince');
  });

  it('counts the attempts of each message, whatever became of others', async () => {
    const { rig, deliver, settle, append, sent } = await makeLanes({
      delivery: { ordering: 'none', concurrency: 2, batchSize: 1, ...soon },
    });
    append(...keyed('a', 'b'));
    let isOut = true;
    rig.answer = (request) => {
      if (isOut) return unreachable;
      return offsetsOf(request).includes(0) ? answered(400) : ok;
    };
    await deliver();
    isOut = false;
    await settle();
    const attemptsOf = (offset: number) =>
      sent
        .filter((request) => offsetsOf(request).includes(offset))
        .map(({ headers }) => headers['webhook-attempt']);
    expect(attemptsOf(0)).toEqual(['1', '2', '3', '4']);
    expect(attemptsOf(1)).toEqual(['1', '2']);
  });

  it('queues one wake for what may be sent again, however often it delivers others meanwhile', async () => {
    const { rig, deliver, append, takeWakes, pass } = await makeLanes({
      delivery: {
        ordering: 'key',
        concurrency: 2,
        batchSize: 1,
        backoff: { initialSeconds: 60, maxSeconds: 60 },
      },
    });
    append(...keyed('a'));
    rig.answer = (request) => (offsetsOf(request).includes(0) ? answered(400) : ok);
    await deliver();
    for (let count = 0; count < 10; count += 1) {
      append(...keyed('b'));
      pass(1000);
      await deliver();
    }
    expect(takeWakes()).toMatchObject([{ wake: { kind: 'due' } }]);
  });

  it('keeps to its bounds: what is refused lets nothing more be sent than so far ahead of it', async () => {
    const { rig, deliver, append, deps, cursor, all } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 2, batchSize: 1 },
    });
    Object.assign(deps, { bounds: { records: 10, runs: 100 } });
    append(...keyed(...Array.from({ length: 40 }, (_, index) => (index === 0 ? 'a' : `k${index}`))));
    rig.answer = (request) => (offsetsOf(request).includes(0) ? answered(400) : ok);
    await deliver();
    expect(Math.max(...all().flat())).toBe(9);
    expect(await cursor()).toMatchObject({ committed: 0, leaseUntil: 0 });
  });

  it('acknowledges by record: those that failed stand alone, and the others are done with', async () => {
    const { rig, deliver, settle, append, cursor, dead, all } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 1, batchSize: 10, ...soon },
    });
    append(...keyed('a', 'b', 'c', 'd'));
    rig.answer = (request) => {
      const failed = offsetsOf(request).filter((offset) => offset === 0 || offset === 2);
      return answered(200, { body: JSON.stringify({ ack: { failed } }) });
    };
    await deliver();
    expect(all()).toEqual([[0, 1, 2, 3]]);
    await settle();
    expect(
      all()
        .slice(1)
        .every((offsets) => offsets.length === 1),
    ).toBe(true);
    expect(dead.offsets.map(({ offset }) => offset).sort()).toEqual([0, 2]);
    expect(await cursor()).toMatchObject({ committed: 4, deadLettered: 2 });
  });

  it('hands over after half a minute of a slow endpoint', async () => {
    const { rig, deliver, append, all, takeWakes, cursor } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 1, batchSize: 1 },
    });
    const begunAt = rig.clock.now();
    rig.remainingMs = () => limits.deliverRunMs - (rig.clock.now() - begunAt);
    append(...keyed('a', 'b', 'c', 'd', 'e'));
    rig.answer = () => {
      rig.pass(12_000);
      return ok;
    };
    await deliver();
    expect(all()).toEqual([[0], [1], [2]]);
    expect(await cursor()).toMatchObject({ committed: 3, leaseUntil: 0 });
    const [next, ...others] = takeWakes();
    expect([next?.wake, others]).toMatchObject([{ kind: 'continue' }, []]);
    rig.remainingMs = () => limits.deliverRunMs;
    await deliver(next?.wake);
    expect(all()).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('sends the group\u2019s format, one record a request where that has one', async () => {
    const { deliver, append, sent, cursor } = await makeLanes({
      delivery: { ordering: 'key', concurrency: 2, batchSize: 10, format: 'raw' },
    });
    append(...keyed('a', 'b', 'a'));
    await deliver();
    expect(sent.map(({ headers }) => headers['millrace-offset']).sort()).toEqual(['0', '1', '2']);
    expect(await cursor()).toMatchObject({ committed: 3 });
  });

  it('sends lists of CloudEvents', async () => {
    const { deliver, append, sent } = await makeLanes({
      delivery: { ordering: 'none', concurrency: 2, batchSize: 10, format: 'cloudevents-batch' },
    });
    append(...keyed('a', 'b', 'a'));
    await deliver();
    expect(JSON.parse(String(sent[0]?.body))).toMatchObject([{ specversion: '1.0' }, {}, {}]);
  });
});

describe('delivery without an order', () => {
  it('has several messages under way, and commits past what is acknowledged from the first on', async () => {
    const { rig, deliver, append, cursor } = await makeLanes({
      delivery: { ordering: 'none', concurrency: 3, batchSize: 2 },
    });
    append(...keyed('a', 'a', 'a', 'a', 'a', 'a', 'a'));
    const { held, post, sent } = heldAnswers();
    rig.answer = post;
    const done = deliver();
    await sent(3);
    // Which of them is signed first is nobody's promise.
    held.sort((one, other) => Number(offsetsOf(one.request)[0]) - Number(offsetsOf(other.request)[0]));
    expect(held.map(({ request }) => offsetsOf(request))).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    held[2]?.answer(ok);
    await sent(4);
    expect(held.map(({ request }) => offsetsOf(request)).at(-1)).toEqual([6]);
    for (const { answer } of held) answer(ok);
    await done;
    expect(await cursor()).toMatchObject({ committed: 7, leaseUntil: 0 });
  });

  it('goes on beside what is refused', async () => {
    const { rig, deliver, settle, append, cursor, dead, all } = await makeLanes({
      delivery: { ordering: 'none', concurrency: 2, batchSize: 1, ...soon },
    });
    append(...keyed('a', 'a', 'a'));
    rig.answer = (request) => (offsetsOf(request).includes(0) ? answered(400) : ok);
    await deliver();
    expect(all().flat().sort()).toEqual([0, 1, 2]);
    expect(await cursor()).toMatchObject({
      committed: 0,
      runs: [
        { start: 0, end: 1, state: 'delayed', deliveries: 1 },
        { start: 1, end: 3, state: 'acknowledged' },
      ],
    });
    await settle();
    expect(dead.offsets).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 3 });
  });
});

describe('a change of the order', () => {
  it('leaves what is ahead of the cursor as it was kept, and then goes on in the order of the partition', async () => {
    const { rig, deliver, settle, append, cursor, groups, group, all, deps } = await makeLanes({
      delivery: { ordering: 'none', concurrency: 2, batchSize: 1, maxAttempts: null },
    });
    append(...keyed('a', 'b', 'c'));
    rig.answer = (request) => (offsetsOf(request).includes(0) ? answered(400) : ok);
    await deliver();
    await groups.update(group, { delivery: { ...group.delivery, ordering: 'partition' } });
    deps.memory?.subscriptions.forget({ topicId: 't1', group: 'billing' });
    append(...keyed('d'));
    await deliver();
    expect(all().flat()).not.toContain(3);
    rig.answer = () => ok;
    await settle();
    expect(await cursor()).toMatchObject({ committed: 4 });
    expect(await cursor()).not.toHaveProperty('runs');
    expect(
      all()
        .flat()
        .filter((offset) => offset === 1),
    ).toHaveLength(1);
  });

  it('takes the message over that the order of a partition had in flight', async () => {
    const { rig, deliver, settle, append, cursor, groups, group, sent, deps } = await makeLanes({
      delivery: { batchSize: 3 },
    });
    append(...keyed('a', 'b', 'c', 'd'));
    rig.answer = () => answered(400);
    await deliver();
    const delivery = { ...group.delivery, ordering: 'key' as const, concurrency: 4 };
    await groups.update(group, { delivery });
    deps.memory?.subscriptions.forget({ topicId: 't1', group: 'billing' });
    rig.answer = () => ok;
    await settle();
    expect(sent[1]?.headers['webhook-id']).toBe(sent[0]?.headers['webhook-id']);
    expect(await cursor()).toMatchObject({ committed: 4 });
  });
});
