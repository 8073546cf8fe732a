import { describe, expect, it } from 'vitest';
import { type Asked, acknowledge } from '../../../lib/delivery/acks/acknowledge.ts';
import { AckTokens } from '../../../lib/delivery/acks/token.ts';
import { afterSaid, heldAs } from '../../../lib/domain/delivery/explicit-acks.ts';
import { CursorChanges } from '../../../lib/groups/pull/cursor-changes.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { answered, makeRig, offsetsOf, ok, type RigOptions, unreachable } from './rig.ts';

const soon = { maxAttempts: 2, deadLetterAfterSeconds: 0, backoff: { initialSeconds: 2, maxSeconds: 2 } };
const keyed = (...keys: string[]) => keys.map((key, value) => ({ key, value }));
const tokenOf = (request: WebhookRequest | undefined): string => request?.headers['webhook-ack-token'] ?? '';

const makeExplicit = async ({ delivery, ...options }: RigOptions = {}) => {
  const made = await makeRig({ ...options, delivery: { ack: 'explicit', ...soon, ...delivery } });
  const { cursors, clock, groups, wakes } = made;
  const tokens = new AckTokens(made.deps.secrets);
  const changes = new CursorChanges({ cursors, clock, random: seededRandom(5) }, { isAlone: false });
  const say = (token: string, asked: Asked = { outcome: 'ack' }) =>
    acknowledge({ ...made.deps, tokens, groups, changes, queue: wakes, clock }, token, asked);
  /** Lets `ms` pass, and answers every wake in the moment that it is due. */
  const run = async (ms: number): Promise<void> => {
    for (let left = ms; ; ) {
      const [next, ...others] = made.takeWakes().sort((one, other) => one.delayMs - other.delayMs);
      for (const each of others) await wakes.send([each]);
      if (next === undefined || next.delayMs > left) {
        if (next !== undefined) await wakes.send([next]);
        made.pass(left);
        return;
      }
      made.pass(next.delayMs);
      left -= next.delayMs;
      await made.deliver(next.wake);
    }
  };
  const all = () => made.sent.map(offsetsOf);
  const code = (token: string, asked?: Asked) =>
    say(token, asked).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
  return { ...made, say, run, all, code };
};

describe('a group whose messages are acknowledged by themselves', () => {
  it('sends nothing more of the partition until the message is acknowledged by its token', async () => {
    const { append, deliver, say, run, sent, all, cursor } = await makeExplicit({
      delivery: { batchSize: 2 },
    });
    append(...keyed('a', 'b', 'c'));
    await deliver();
    expect(all()).toEqual([[0, 1]]);
    append(...keyed('d'));
    await deliver();
    expect(all()).toEqual([[0, 1]]);
    expect(await cursor()).toMatchObject({ committed: 0, leaseUntil: 0, runs: [{ state: 'held', end: 2 }] });
    await say(tokenOf(sent[0]));
    await run(0);
    expect(all()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    await say(tokenOf(sent[1]));
    await run(0);
    expect(await cursor()).toMatchObject({ committed: 4, leaseUntil: 0 });
    expect(await cursor()).not.toHaveProperty('runs');
  });

  it('takes an acknowledgement that comes before the endpoint has answered', async () => {
    const { rig, append, deliver, say, run, all, cursor } = await makeExplicit({
      delivery: { batchSize: 1 },
    });
    append(...keyed('a', 'b', 'c'));
    rig.answer = async (request) => {
      await say(tokenOf(request));
      return ok;
    };
    await deliver();
    await run(0);
    expect(all()).toEqual([[0], [1], [2]]);
    expect(await cursor()).toMatchObject({ committed: 3, leaseUntil: 0 });
  });

  it('believes an acknowledgement rather than the answer of the endpoint', async () => {
    const { rig, append, deliver, say, run, all, cursor } = await makeExplicit();
    append(...keyed('a', 'b'));
    rig.answer = async (request) => {
      await say(tokenOf(request));
      return answered(500);
    };
    await deliver();
    await run(600_000);
    expect(all()).toEqual([[0, 1]]);
    expect(await cursor()).toMatchObject({ committed: 2 });
  });

  it('has a message refused that nobody acknowledges in time, and its record among the dead letters at last', async () => {
    const { append, deliver, run, pass, takeWakes, dead, all, cursor } = await makeExplicit({
      delivery: { ackTimeoutSeconds: 30 },
    });
    append(...keyed('a'));
    await deliver();
    const [due] = takeWakes();
    expect(due).toMatchObject({ wake: { kind: 'due' }, delayMs: 30_000 });
    pass(29_000);
    await deliver();
    expect(all()).toHaveLength(1);
    pass(1000);
    await deliver(due?.wake);
    await run(600_000);
    expect(all()).toHaveLength(2);
    expect(dead.offsets).toEqual([{ partition: 0, offset: 0 }]);
    expect(await cursor()).toMatchObject({ committed: 1, deadLettered: 1 });
  });

  it('gives a consumer that asks for more time that time', async () => {
    const { append, deliver, say, pass, sent, all, takeWakes } = await makeExplicit({
      delivery: { ackTimeoutSeconds: 30 },
    });
    append(...keyed('a'));
    await deliver();
    pass(20_000);
    await say(tokenOf(sent[0]), { outcome: 'extend', ms: 600_000 });
    pass(500_000);
    const [due] = takeWakes();
    await deliver(due?.wake);
    expect(all()).toHaveLength(1);
    const [later] = takeWakes();
    expect(later?.delayMs).toBeLessThanOrEqual(100_000);
    pass(100_000);
    await deliver(later?.wake);
    expect(all()).toHaveLength(1);
    expect(takeWakes()).toMatchObject([{ wake: { kind: 'due' } }]);
  });

  it('sends what a consumer gives back again, as the same message, no sooner than it asked for', async () => {
    const { append, deliver, say, run, pass, sent, all, code } = await makeExplicit();
    append(...keyed('a', 'b'));
    await deliver();
    await say(tokenOf(sent[0]), { outcome: 'nack', delayMs: 60_000 });
    await run(0);
    expect(all()).toHaveLength(1);
    pass(59_000);
    await deliver();
    expect(all()).toHaveLength(1);
    expect(await code(tokenOf(sent[0]))).toBe('lease_lost');
    await run(2000);
    expect(all()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(sent[1]?.headers['webhook-id']).toBe(sent[0]?.headers['webhook-id']);
    expect(sent[1]?.headers['webhook-attempt']).toBe('2');
    // The token is of one attempt.
    expect(tokenOf(sent[1])).not.toBe(tokenOf(sent[0]));
    expect(await code(tokenOf(sent[0]))).toBe('lease_lost');
    expect(await code(tokenOf(sent[1]))).toBe('done');
  });

  it('acknowledges a part by offset, and by record where the order allows it', async () => {
    const { append, deliver, say, run, sent, all, code } = await makeExplicit({
      delivery: { ordering: 'none', batchSize: 4 },
    });
    append(...keyed('a', 'b', 'c', 'd', 'e'));
    await deliver();
    expect(await code(tokenOf(sent[0]), { outcome: 'ack', before: 5 })).toBe('invalid_request');
    expect(await code(tokenOf(sent[0]), { outcome: 'ack', failed: [4] })).toBe('invalid_request');
    await say(tokenOf(sent[0]), { outcome: 'ack', before: 1 });
    await run(0);
    expect(all()[1]).toEqual([1, 2, 3, 4]);
    await say(tokenOf(sent[1]), { outcome: 'ack', failed: [2] });
    await run(0);
    expect(all()).toHaveLength(2);
    await run(2000);
    expect(all()[2]).toEqual([2]);
  });

  it('has a record that failed stand alone, and in the order of the partition what is behind it wait', async () => {
    const { append, deliver, say, run, sent, all, cursor, dead } = await makeExplicit({
      delivery: { batchSize: 4 },
    });
    append(...keyed('a', 'b', 'c', 'd'));
    await deliver();
    await say(tokenOf(sent[0]), { outcome: 'ack', failed: [1, 2] });
    expect(await cursor()).toMatchObject({ committed: 1 });
    await run(2000);
    expect(all()[1]).toEqual([1]);
    await say(tokenOf(sent[1]), { outcome: 'nack', delayMs: 0 });
    await run(2000);
    expect(dead.offsets).toEqual([{ partition: 0, offset: 1 }]);
    expect(all()[2]).toEqual([2, 3]);
  });

  it('has as many messages with consumers as may be under way, and never two of one key', async () => {
    const { append, deliver, say, run, sent, all } = await makeExplicit({
      delivery: { ordering: 'key', concurrency: 2, batchSize: 1 },
    });
    append(...keyed('a', 'a', 'b', 'c', 'd', 'e', 'f', 'g'));
    await deliver();
    expect(sent).toHaveLength(2);
    expect(all().flat()).not.toContain(1);
    for (let done = 0; done < 8; done += 1) {
      expect(sent.length).toBeLessThanOrEqual(done + 2);
      await say(tokenOf(sent[done]));
      await run(0);
    }
    expect(all().flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(all().flat().indexOf(0)).toBeLessThan(all().flat().indexOf(1));
  });

  it('holds an outage against no message', async () => {
    const { rig, append, deliver, run, say, sent, dead, cursor } = await makeExplicit();
    append(...keyed('a'));
    rig.answer = () => (sent.length < 6 ? unreachable : ok);
    await deliver();
    await run(20_000);
    expect(sent).toHaveLength(6);
    await say(tokenOf(sent[5]));
    expect(dead.offsets).toEqual([]);
    expect(await cursor()).toMatchObject({ committed: 1 });
  });

  it('does not hold it against a message that who sent it died', async () => {
    const { rig, append, deliver, pass, sent, cursor } = await makeExplicit({
      delivery: { maxAttempts: 1, timeoutSeconds: 10, ackTimeoutSeconds: 20 },
    });
    append(...keyed('a'));
    rig.answer = () => {
      rig.remainingMs = () => 0;
      return ok;
    };
    await expect(deliver()).rejects.toThrow();
    rig.remainingMs = () => 120_000;
    rig.answer = () => ok;
    pass(40_000);
    await deliver();
    expect(sent).toHaveLength(2);
    expect((await cursor())?.runs?.[0]).toMatchObject({ state: 'held', deliveries: 0 });
  });

  it('refuses tokens of before a seek, of other groups and of no broker at all', async () => {
    const { append, deliver, sent, code, cursors, cursor, group, groups } = await makeExplicit();
    append(...keyed('a'));
    await deliver();
    const token = tokenOf(sent[0]);
    const stood = await cursor();
    if (stood === undefined) throw new Error('There is a cursor.');
    const { runs: _runs, ...rest } = stood;
    const sought = { ...rest, epoch: stood.epoch + 1, version: (stood.version ?? 0) + 1, writeId: 'w' };
    await cursors.replace({ groupId: 'g1', partition: 0 }, stood, sought);
    expect(await code(token)).toBe('lease_lost');
    await deliver();
    expect(sent).toHaveLength(2);
    expect(await code(token)).toBe('lease_lost');
    for (let bit = 0; bit < token.length * 6; bit += 7) {
      const bytes = Buffer.from(tokenOf(sent[1]));
      const at = Math.floor(bit / 6);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 6));
      expect(await code(bytes.toString('latin1'))).toBe('invalid_token');
    }
    await groups.delete({ topicId: 't1', group: group.name }, 'g1');
    expect(await code(tokenOf(sent[1]))).toBe('lease_lost');
  });

  it('takes the token of the last attempt alone, under one epoch too', () => {
    const message = { start: 0, end: 1, epoch: 3, attempt: 2 };
    const run = { start: 0, end: 1, state: 'held', by: heldAs(message), deliveries: 1, attempts: 1 } as const;
    const standing = { committed: 0, epoch: 3, leaseUntil: 0, attempts: 0, retryAt: 0, runs: [run] };
    const said = { outcome: 'ack' } as const;
    expect(afterSaid(standing, { ...message, attempt: 1 }, said, true, 0)).toEqual({ kind: 'over' });
    expect(afterSaid(standing, message, said, true, 0)).toMatchObject({ kind: 'changed', acknowledged: 1 });
  });

  it('wakes who delivers where a lease was ended from outside, as after a restart', async () => {
    const { append, deliver, say, run, sent, all, cursors, cursor } = await makeExplicit({
      delivery: { batchSize: 1 },
    });
    append(...keyed('a', 'b'));
    await deliver();
    const read = await cursor();
    await cursors.acquire(
      { groupId: 'g1', partition: 0 },
      { read, startOffset: 0, owner: 'o', leaseUntil: 0 },
    );
    await say(tokenOf(sent[0]));
    await run(0);
    expect(all()).toEqual([[0], [1]]);
  });

  it('tells of what was said, and has what nobody acknowledged in the attempt log', async () => {
    const made = await makeExplicit({ delivery: { ackTimeoutSeconds: 30 } });
    const { rig, append, deliver, say, run, sent, events } = made;
    const logged: unknown[] = [];
    rig.putAttempt = async (...[, attempt]) => void logged.push(attempt);
    append(...keyed('a', 'b'));
    await deliver();
    await say(tokenOf(sent[0]), { outcome: 'nack', delayMs: 0 });
    await run(2000);
    await run(50_000);
    const of = { topic: 'orders', group: 'billing', partition: 0 };
    const messageId = sent[0]?.headers['webhook-id'];
    expect(events.filter(({ kind }) => kind === 'said-by-token' || kind === 'unacknowledged')).toEqual([
      { kind: 'said-by-token', ...of, outcome: 'nack', records: 0 },
      { kind: 'unacknowledged', ...of, messageId, records: 2, why: 'nack' },
      { kind: 'unacknowledged', ...of, messageId, records: 2, why: 'timeout' },
    ]);
    expect(logged).toMatchObject([
      { outcome: 'refusal', attempt: 1, messageId, from: 0, to: 2, reason: expect.stringMatching(/nack/) },
      { outcome: 'refusal', attempt: 2, messageId, reason: expect.stringMatching(/ackTimeoutSeconds: 30/) },
    ]);
    // That an endpoint took a message is no acknowledgement.
    for (const event of events)
      if (event.kind === 'attempt') expect(event).not.toHaveProperty('sinceAppendMs');
  });

  it('says done to an acknowledgement that comes again', async () => {
    const { append, deliver, sent, code } = await makeExplicit();
    append(...keyed('a'));
    await deliver();
    expect(await code(tokenOf(sent[0]))).toBe('done');
    expect(await code(tokenOf(sent[0]))).toBe('done');
    expect(await code(tokenOf(sent[0]), { outcome: 'nack', delayMs: 0 })).toBe('lease_lost');
  });
});
