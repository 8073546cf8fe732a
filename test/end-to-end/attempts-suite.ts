import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { type Reaction, Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

interface Attempts {
  readonly attempts: readonly { readonly id: string; readonly attempt: number; readonly outcome: string }[];
  readonly nextCursor?: string;
}

/** The attempt log, as whoever has an address and a key sees it. */
export const describeAttempts = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, the attempt log`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    test('has what each request to an endpoint came to, and finds it', async () => {
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.produce(topic, [{ value: 'the content' }]);
      const backoff = { initialSeconds: 1, maxSeconds: 1 };
      const delivery = { timeoutSeconds: 1, backoff, attemptLog: { successes: 1 } };
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery });
      const hook = `/${randomUUID()}`;
      const reactions: Reaction[] = [500, 'silence'];
      const url = receiver.url(hook);
      const made = await broker.admin.ok<{ id: string; secret: string }>('POST', `${path}/endpoints`, {
        url,
      });
      // Until then it is answered 404, which is a refusal too.
      const { deliveries } = receiver.open(hook, made.secret, () => reactions.shift() ?? 204);
      const list = (query = '') => broker.admin.ok<Attempts>('GET', `${path}/attempts${query}`);
      const hasSucceeded = ({ attempts }: Attempts) => attempts[0]?.outcome === 'acknowledged';
      const { attempts } = await eventually('the last is logged', list, hasSucceeded, 90_000);
      expect(attempts.map(({ attempt }) => attempt)).toEqual(
        attempts.map((_attempt, index) => attempts.length - index),
      );
      const [success, silence, refusal] = attempts;
      const message = { endpoint: made.id, messageId: deliveries[0]?.id, partition: 0, from: 0, to: 1 };
      expect(success).toMatchObject({ ...message, outcome: 'acknowledged', status: 204 });
      expect(silence).toMatchObject({
        ...message,
        outcome: 'outage',
        reason: expect.stringContaining('1 s'),
      });
      expect(refusal).toMatchObject({ ...message, outcome: 'refusal', status: 500 });
      expect(JSON.stringify(attempts)).not.toMatch(/v1,|the content/);
      expect((await list('?outcome=outage')).attempts).toEqual([silence]);
      expect((await list(`?endpoint=${made.id}&outcome=failed&limit=1`)).attempts).toEqual([silence]);
      const { nextCursor } = await list('?outcome=failed&limit=1');
      expect((await list(`?outcome=failed&limit=1&cursor=${nextCursor}`)).attempts).toEqual([refusal]);
      expect(await list('?endpoint=nobody')).toEqual({ attempts: [] });
    }, 120_000);

    test('a range of records is sent to an endpoint again, and the group stays where it is', async () => {
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.produce(
        topic,
        [0, 1, 2, 3].map((value) => ({ partition: 0, value })),
      );
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery: { batchSize: 4 } });
      const hook = `/${randomUUID()}`;
      const made = await broker.admin.ok<{ id: string; secret: string }>('POST', `${path}/endpoints`, {
        url: receiver.url(hook),
      });
      const { deliveries, unverified } = receiver.open(hook, made.secret, () => 204);
      const offsets = () => deliveries.flatMap(({ records }) => records.map(({ offset }) => offset));
      const group = () => broker.admin.ok<{ lag: number; partitions: object[] }>('GET', path);
      await eventually('all is acknowledged', group, ({ lag }) => lag === 0, 90_000);
      expect(offsets()).toEqual([0, 1, 2, 3]);

      const resend = `${path}/endpoints/${made.id}/resend`;
      const { partitions } = await group();
      const asked = await broker.admin.call('POST', resend, { ranges: [{ partition: 0, from: 1, to: 3 }] });
      expect(asked).toMatchObject({ status: 202, body: { records: 2 } });
      const shown = () => broker.admin.ok<{ status: string }>('GET', resend);
      const isDone = ({ status }: { readonly status: string }) => status === 'done';
      expect(await eventually('it is done', shown, isDone, 90_000)).toMatchObject({
        done: 2,
        left: 0,
        refused: 0,
      });
      expect(offsets()).toEqual([0, 1, 2, 3, 1, 2]);
      expect((await group()).partitions).toEqual(partitions);
      expect(unverified).toEqual([]);
    }, 120_000);

    test('and the group says what its records wait for', async () => {
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.produce(topic, [{ value: 0 }]);
      const delivery = { backoff: { initialSeconds: 600, maxSeconds: 600 } };
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery });
      const waiting = async () => {
        const { partitions } = await broker.admin.ok<{ partitions: [{ waiting?: object }] }>('GET', path);
        return partitions[0].waiting;
      };
      expect(await waiting()).toMatchObject({ for: 'endpoint' });
      // Nobody is there.
      await broker.admin.ok('POST', `${path}/endpoints`, { url: receiver.url(`/${randomUUID()}`) });
      const isRetried = (found: object | undefined) => JSON.stringify(found).includes('"retry"');
      expect(await eventually('it waits for a retry', waiting, isRetried, 90_000)).toMatchObject({
        until: expect.stringMatching(/^\d{4}-/),
        reason: expect.stringContaining('404'),
      });
      await broker.admin.ok('POST', `${path}/pause`);
      expect(await waiting()).toMatchObject({ for: 'resume', since: expect.stringMatching(/^\d{4}-/) });
    }, 120_000);
  });
};
