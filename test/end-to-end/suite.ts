import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { DescribedClient as Client } from './described-client.ts';
import { type Delivery, type Reaction, Receiver } from './receiver.ts';

/**
 * Millrace from a user's view: an address and an admin key, nothing else. Webhooks go to this process: where the broker is
 * elsewhere, MILLRACE_E2E_RECEIVER_URL is the public address of 127.0.0.1:MILLRACE_E2E_RECEIVER_PORT.
 */
export const describeBroker = (name: string, start: () => Promise<Broker>): void => {
  describe(name, () => {
    let millrace: Broker;
    let admin: Client;
    let receiver: Receiver;

    beforeAll(async () => {
      millrace = await start();
      admin = new Client(millrace.url, millrace.key);
      receiver = await Receiver.startFrom(process.env);
    }, 120_000);

    afterAll(async () => {
      await receiver.stop();
      await millrace.stop();
    }, 120_000);

    /** A topic of this run alone, which goes with the test. */
    const newTopic = async (settings: object = {}): Promise<string> => {
      const topic = `e2e-${randomUUID()}`;
      await admin.ok('PUT', `/v1/topics/${topic}`, settings);
      onTestFinished(() => admin.call('DELETE', `/v1/topics/${topic}`).then(() => undefined));
      return topic;
    };

    const newKey = async (grant: object): Promise<{ client: Client; id: string }> => {
      const { key, id } = await admin.ok<{ key: string; id: string }>('POST', '/v1/keys', grant);
      onTestFinished(() => admin.call('DELETE', `/v1/keys/${id}`).then(() => undefined));
      return { client: new Client(millrace.url, key), id };
    };

    const problem = (status: number, code: string) => ({
      status,
      body: {
        status,
        code,
        type: `urn:millrace:problem:${code}`,
        title: expect.any(String),
        detail: expect.any(String),
      },
    });

    const numbered = (count: number, key?: string) =>
      Array.from({ length: count }, (_, number) => ({
        ...(key !== undefined && { key }),
        value: { number },
      }));

    describe('keys', () => {
      test('a request without a key, or with an unknown one, is refused', async () => {
        for (const key of [undefined, 'mr_not-a-key-of-this-broker']) {
          const answer = await new Client(millrace.url, key).call('GET', '/v1/topics');
          expect(answer).toMatchObject(problem(401, 'unauthorized'));
          expect(answer.headers.get('content-type')).toContain('application/problem+json');
        }
      });

      test('a key does what its scopes allow and nothing else', async () => {
        const topic = await newTopic({ partitions: 1 });
        const { client: producer } = await newKey({ name: 'producer', scopes: ['produce'] });
        const { client: consumer } = await newKey({ name: 'consumer', scopes: ['consume'] });
        await producer.produce(topic, numbered(1));
        expect((await consumer.fetch(topic, 0, 'offset=earliest')).records).toHaveLength(1);

        const records = `/v1/topics/${topic}/records`;
        expect(await consumer.call('POST', records, { records: numbered(1) })).toMatchObject(
          problem(403, 'forbidden'),
        );
        const fetching = `/v1/topics/${topic}/partitions/0/records?offset=0`;
        expect(await producer.call('GET', fetching)).toMatchObject(problem(403, 'forbidden'));
        expect(await producer.call('PUT', `/v1/topics/${topic}-2`, {})).toMatchObject(
          problem(403, 'forbidden'),
        );
        expect(await consumer.call('GET', '/v1/keys')).toMatchObject(problem(403, 'forbidden'));
        expect((await admin.fetch(topic, 0, 'offset=earliest')).endOffset).toBe(1);
      });

      test('a key for some topics is for no others', async () => {
        const [one, other] = [await newTopic(), await newTopic()];
        const { client } = await newKey({
          name: 'one',
          scopes: ['produce'],
          topics: [`${one.slice(0, -4)}*`],
        });
        await client.produce(one, numbered(1));
        const refused = await client.call('POST', `/v1/topics/${other}/records`, { records: numbered(1) });
        expect(refused).toMatchObject(problem(403, 'forbidden'));
      });

      test('a key that has used up its quota is refused until there is some again', async () => {
        const topic = await newTopic({ partitions: 1 });
        const quota = { recordsPerSecond: 1, burstSeconds: 1 };
        const { client } = await newKey({ name: 'little', scopes: ['produce'], quota });
        const send = () => client.call('POST', `/v1/topics/${topic}/records`, { records: numbered(600) });
        const first = await send();
        expect(first.status).toBe(200);
        expect(first.headers.get('ratelimit-policy')).toBe('"records";q=1;qu="records";w=1');
        expect(first.headers.get('ratelimit')).toMatch(/^"records";r=0;t=[1-9]\d*$/);
        // Each process that answers has a quota of its own, and is ten minutes in debt from then on.
        const refused = await eventually('the key is refused', send, ({ status }) => status === 429);
        expect(refused).toMatchObject(problem(429, 'quota_exceeded'));
        expect(refused.body).toMatchObject({ 'violated-policies': ['records'] });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(300);
        expect(refused.headers.get('ratelimit')).toBe(
          `"records";r=0;t=${refused.headers.get('retry-after')}`,
        );
        const { client: other } = await newKey({ name: 'other', scopes: ['produce'] });
        const unlimited = await other.call('POST', `/v1/topics/${topic}/records`, { records: numbered(1) });
        expect(unlimited.status).toBe(200);
        expect(unlimited.headers.has('ratelimit')).toBe(false);
      });

      test('a deleted key stops working, and no list shows a key itself', async () => {
        const { client, id } = await newKey({ name: 'short-lived', scopes: ['admin'] });
        await client.ok('GET', '/v1/topics');
        const { keys } = await admin.ok<{ keys: { id: string }[] }>('GET', '/v1/keys');
        expect(keys.find((key) => key.id === id)).toMatchObject({ name: 'short-lived', scopes: ['admin'] });
        expect(keys.find((key) => key.id === id)).not.toHaveProperty('key');
        await admin.ok('DELETE', `/v1/keys/${id}`);
        const refusal = () => client.call('GET', '/v1/topics');
        await eventually('the deleted key is refused', refusal, ({ status }) => status === 401);
      });
    });

    describe('topics', () => {
      test('a topic is created once, listed, given more partitions, and deleted', async () => {
        const topic = `e2e-${randomUUID()}`;
        const path = `/v1/topics/${topic}`;
        const created = await admin.call('PUT', path, { partitions: 2 });
        expect(created).toMatchObject({
          status: 201,
          body: { name: topic, partitions: 2, retentionHours: 168 },
        });
        expect(await admin.call('PUT', path, { partitions: 2 })).toMatchObject({ status: 200 });
        expect(await admin.call('PUT', path, { partitions: 3 })).toMatchObject(problem(409, 'topic_exists'));

        const names: string[] = [];
        let after = '';
        do {
          const list = await admin.ok<{ topics: { name: string }[]; nextCursor?: string }>(
            'GET',
            `/v1/topics${after}`,
          );
          names.push(...list.topics.map(({ name }) => name));
          after = list.nextCursor === undefined ? '' : `?cursor=${encodeURIComponent(list.nextCursor)}`;
        } while (after !== '');
        expect(names).toContain(topic);

        expect(await admin.call('PATCH', path, { partitions: 4 })).toMatchObject({
          status: 200,
          body: { partitions: 4 },
        });
        expect(await admin.call('PATCH', path, { partitions: 1 })).toMatchObject(problem(409, 'conflict'));
        const { partitions } = await admin.ok<{ partitions: unknown[] }>('GET', `${path}/partitions`);
        expect(partitions).toHaveLength(4);

        expect(await admin.call('DELETE', path)).toMatchObject({ status: 204 });
        expect(await admin.call('GET', path)).toMatchObject(problem(404, 'topic_not_found'));
      });

      test('a topic that is created again begins empty, without the groups of the one before it', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, numbered(3));
        await admin.ok('PUT', `/v1/topics/${topic}/groups/audit`, { mode: 'push' });
        await admin.ok('DELETE', `/v1/topics/${topic}`);
        await admin.ok('PUT', `/v1/topics/${topic}`, { partitions: 1 });

        const again = () =>
          admin.call('POST', `/v1/topics/${topic}/records`, { records: [{ value: 'new' }] });
        const answer = await eventually('the new topic takes records', again, ({ status }) => status === 200);
        expect(answer.body).toMatchObject({ results: [{ partition: 0, offset: 0 }] });
        const look = () => admin.fetch(topic, 0, 'offset=0');
        const page = await eventually('the new record is read', look, ({ endOffset }) => endOffset === 1);
        expect(page.records.map(({ value }) => value)).toEqual(['new']);
        expect(await admin.call('GET', `/v1/topics/${topic}/groups/audit`)).toMatchObject(
          problem(404, 'group_not_found'),
        );
      });
    });

    describe('produce and fetch', () => {
      test('records come out as they went in, in order, at the offsets that were answered', async () => {
        const topic = await newTopic({ partitions: 1 });
        const records = [
          { key: 'a', value: { text: 'Grüße, 世界 🌊', list: [1, null, true] }, headers: { event: 'push' } },
          { value: null, timestamp: '2024-05-01T12:00:00.000Z' },
          { key: 'b', valueBase64: 'AAECAw==' },
        ];
        const results = await admin.produce(topic, records);
        expect(results.map(({ offset }) => offset)).toEqual([0, 1, 2]);
        const page = await admin.fetch(topic, 0, 'offset=earliest');
        expect(page).toMatchObject({ records, nextOffset: 3, startOffset: 0, endOffset: 3 });
        expect(page.records.map(({ offset, timestamp }) => ({ partition: 0, offset, timestamp }))).toEqual(
          results,
        );
      });

      test('a number keeps its digits where a double would lose them', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.ok(
          'POST',
          `/v1/topics/${topic}/records`,
          '{"records":[{"value":{"id":12345678901234567890}}]}',
        );
        const url = new URL(`/v1/topics/${topic}/partitions/0/records?offset=0`, millrace.url);
        const response = await fetch(url, { headers: { 'x-api-key': millrace.key } });
        expect(await response.text()).toContain('12345678901234567890');
      });

      test('records of one key go to one partition, and reading on from nextOffset gives every one once', async () => {
        const topic = await newTopic({ partitions: 4 });
        const results = [];
        for (let round = 0; round < 5; round += 1)
          results.push(...(await admin.produce(topic, numbered(20, 'customer-7'))));
        const [partition = -1, ...others] = [...new Set(results.map((result) => result.partition))];
        expect(others).toEqual([]);
        const offsets = [];
        for (let from = 0; from < 100; ) {
          const page = await admin.fetch(topic, partition, `offset=${from}&limit=7`);
          expect(page.records.length).toBeLessThanOrEqual(7);
          expect(page.nextOffset).toBeGreaterThan(from);
          offsets.push(...page.records.map(({ offset }) => offset));
          from = page.nextOffset;
        }
        expect(offsets).toEqual(results.map(({ offset }) => offset));
      });

      test('a fetch that waits answers with the record that comes meanwhile', async () => {
        const topic = await newTopic({ partitions: 1 });
        const waiting = admin.fetch(topic, 0, 'offset=0&waitSeconds=20');
        await new Promise((resolve) => setTimeout(resolve, 500));
        await admin.produce(topic, [{ value: 'at last' }]);
        expect((await waiting).records.map(({ value }) => value)).toEqual(['at last']);
      });

      test('reading begins at the earliest, the latest, or a time', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, [{ value: 'first' }]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const [second] = await admin.produce(topic, [{ value: 'second' }]);
        const since = encodeURIComponent(second?.timestamp ?? '');
        const values = async (query: string) =>
          (await admin.fetch(topic, 0, query)).records.map(({ value }) => value);
        expect(await values('offset=earliest')).toEqual(['first', 'second']);
        expect(await values('offset=latest')).toEqual([]);
        expect(await values(`timestamp=${since}`)).toEqual(['second']);
      });

      test('an offset that the partition does not have is out of range, and the answer says what it has', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, numbered(2));
        const answer = await admin.call('GET', `/v1/topics/${topic}/partitions/0/records?offset=3`);
        expect(answer).toMatchObject(problem(416, 'offset_out_of_range'));
        expect(answer.body).toMatchObject({ startOffset: 0, endOffset: 2 });
        const nowhere = await admin.call('GET', `/v1/topics/${topic}/partitions/1/records?offset=0`);
        expect(nowhere).toMatchObject(problem(404, 'partition_not_found'));
      });

      test('an expected offset is met exactly, or nothing is written', async () => {
        const topic = await newTopic({ partitions: 1 });
        const at = (expectedOffset: number) =>
          admin.call('POST', `/v1/topics/${topic}/records`, {
            records: [{ value: expectedOffset, partition: 0 }],
            expectedOffset,
          });
        expect(await at(0)).toMatchObject({ status: 200 });
        const refused = await at(0);
        expect(refused).toMatchObject(problem(412, 'offset_mismatch'));
        expect(refused.body).toMatchObject({ partition: 0, endOffset: 1 });
        expect(await at(1)).toMatchObject({ status: 200 });
        expect((await admin.fetch(topic, 0, 'offset=0')).endOffset).toBe(2);
      });

      test('what exceeds a limit or is not understood is refused with its name, and nothing of it is written', async () => {
        const topic = await newTopic({ partitions: 1 });
        const path = `/v1/topics/${topic}/records`;
        const small = { value: 'small' };
        const large = await admin.call('POST', path, {
          records: [small, { value: 'x'.repeat(256 * 1024 + 1) }],
        });
        expect(large).toMatchObject(problem(413, 'too_large'));
        expect(JSON.stringify(large.body)).toContain('recordBytes');
        const many = await admin.call('POST', path, { records: numbered(1001) });
        expect(many).toMatchObject(problem(400, 'limit_exceeded'));
        expect(JSON.stringify(many.body)).toContain('requestRecords');
        const unknown = await admin.call('POST', path, { records: [small, { value: 1, colour: 'red' }] });
        expect(unknown).toMatchObject(problem(400, 'invalid_request'));
        expect(unknown.body).toMatchObject({ errors: [{ path: 'records[1].colour' }] });
        expect(await admin.call('POST', path, '{"records":')).toMatchObject(problem(400, 'invalid_request'));
        expect((await admin.fetch(topic, 0, 'offset=latest')).endOffset).toBe(0);
      });
    });

    describe('push groups', () => {
      /** A push group with one webhook, whose every request is verified. */
      const subscribe = async (
        topic: string,
        delivery: object,
        react: (delivery: Delivery) => Reaction,
      ): Promise<readonly Delivery[]> => {
        const path = `/v1/topics/${topic}/groups/audit`;
        await admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery });
        const hook = `/${randomUUID()}`;
        const endpoint = { url: receiver.url(hook), headers: { 'x-tenant': 'blue' } };
        const { secret } = await admin.ok<{ secret: string }>('POST', `${path}/endpoints`, endpoint);
        const { deliveries, unverified } = receiver.open(hook, secret, react);
        onTestFinished(() => expect(unverified).toEqual([]));
        return deliveries;
      };

      interface GroupState {
        readonly partitions: readonly { partition: number; committed: number; end: number; lag: number }[];
      }
      const lagOf = async (topic: string): Promise<number> => {
        const group = await admin.ok<GroupState>('GET', `/v1/topics/${topic}/groups/audit`);
        return group.partitions.reduce((sum, { lag }) => sum + lag, 0);
      };
      const delivered = (topic: string) =>
        eventually(
          'the lag is gone',
          () => lagOf(topic),
          (lag) => lag === 0,
          90_000,
        );

      const quickly = { timeoutSeconds: 1, backoff: { initialSeconds: 1, maxSeconds: 1 } };

      test('a webhook that refuses, then says nothing, then acknowledges gets the same signed message each time', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, numbered(3, 'k'));
        const reactions: Reaction[] = [500, 'silence'];
        const deliveries = await subscribe(topic, quickly, () => reactions.shift() ?? 204);
        await delivered(topic);
        expect(deliveries.length).toBe(3);
        const [first] = deliveries;
        expect(new Set(deliveries.map(({ id }) => id)).size).toBe(1);
        expect(new Set(deliveries.map(({ body }) => body)).size).toBe(1);
        expect(first).toMatchObject({ type: 'topic.records', topic, group: 'audit', partition: 0 });
        expect(first?.records.map(({ offset, key, value }) => ({ offset, key, value }))).toEqual(
          [0, 1, 2].map((number) => ({ offset: number, key: 'k', value: { number } })),
        );
        expect(first?.id).not.toContain('.');
        expect(first?.headers['x-tenant']).toBe('blue');
      }, 120_000);

      test('a webhook gets the traceparent of the call that produced its records', async () => {
        const topic = await newTopic({ partitions: 1 });
        const traceparent = `00-${randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;
        const records = `/v1/topics/${topic}/records`;
        const produced = await admin.call('POST', records, { records: numbered(1) }, { traceparent });
        expect(produced).toMatchObject({ status: 200 });
        const deliveries = await subscribe(topic, quickly, () => 204);
        await delivered(topic);
        expect(new Set(deliveries.map(({ headers }) => headers['traceparent']))).toEqual(
          new Set([traceparent]),
        );
      }, 120_000);

      test('every record arrives, each key in its order, while the webhook refuses now and then', async () => {
        const topic = await newTopic({ partitions: 4 });
        let requests = 0;
        const acknowledged: Delivery[] = [];
        await subscribe(topic, { ...quickly, batchSize: 10 }, (delivery) => {
          requests += 1;
          if (requests % 5 === 0) return 503;
          acknowledged.push(delivery);
          return 200;
        });
        const keys = ['red', 'green', 'blue', 'white', 'black'];
        for (let round = 0; round < 20; round += 1)
          await admin.produce(
            topic,
            keys.map((key) => ({ key, value: round })),
          );
        await delivered(topic);
        const seen = new Set<string>();
        const rounds = new Map<string | undefined, unknown[]>();
        for (const { records } of acknowledged) {
          for (const { partition, offset, key, value } of records) {
            if (seen.has(`${partition}/${offset}`)) continue;
            seen.add(`${partition}/${offset}`);
            rounds.set(key, [...(rounds.get(key) ?? []), value]);
          }
        }
        const inOrder = Array.from({ length: 20 }, (_, round) => round);
        expect(Object.fromEntries(rounds)).toEqual(Object.fromEntries(keys.map((key) => [key, inOrder])));
      }, 120_000);

      test('an endpoint that says 410 is disabled, and what it did not take stays in the log', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, numbered(2));
        await subscribe(topic, quickly, () => 410);
        const endpoints = () =>
          admin.ok<{ endpoints: { status: string }[] }>('GET', `/v1/topics/${topic}/groups/audit/endpoints`);
        await eventually(
          'the endpoint is disabled',
          endpoints,
          (list) => list.endpoints[0]?.status === 'disabled',
        );
        expect(await lagOf(topic)).toBe(2);
      }, 120_000);

      test('a group that begins at the latest gets what is produced from then on', async () => {
        const topic = await newTopic({ partitions: 1 });
        await admin.produce(topic, [{ value: 'before' }]);
        const path = `/v1/topics/${topic}/groups/late`;
        await admin.ok('PUT', path, { mode: 'push', start: 'latest' });
        const hook = `/${randomUUID()}`;
        const { secret } = await admin.ok<{ secret: string }>('POST', `${path}/endpoints`, {
          url: receiver.url(hook),
        });
        const { deliveries } = receiver.open(hook, secret, () => 200);
        await admin.produce(topic, [{ value: 'after' }]);
        await eventually(
          'the record arrives',
          () => deliveries.length,
          (count) => count > 0,
        );
        expect(deliveries.flatMap(({ records }) => records.map(({ value }) => value))).toEqual(['after']);
      }, 120_000);

      test('a deleted group is called no more', async () => {
        const topic = await newTopic({ partitions: 1 });
        const deliveries = await subscribe(topic, quickly, () => 200);
        await admin.produce(topic, [{ value: 1 }]);
        await eventually(
          'the first record arrives',
          () => deliveries.length,
          (count) => count === 1,
        );
        await delivered(topic);
        expect(await admin.call('DELETE', `/v1/topics/${topic}/groups/audit`)).toMatchObject({ status: 204 });
        const path = `/v1/topics/${topic}/groups/audit`;
        expect(await admin.call('GET', path)).toMatchObject(problem(404, 'group_not_found'));
        // A group of the same name that began later sees each record: by then the deleted one would have been called.
        const successor = await subscribe(topic, quickly, () => 200);
        let produced = 1;
        const calledForAnother = async (): Promise<boolean> => {
          const called = deliveries.length;
          produced += 1;
          await admin.produce(topic, [{ value: produced }]);
          await eventually(
            'the new group has it all',
            () => successor.flatMap(({ records }) => records),
            ({ length }) => length === produced,
          );
          return deliveries.length > called;
        };
        // A process that delivers may believe for some seconds that it is there.
        await eventually('it is called no more', calledForAnother, (isCalled) => !isCalled);
        expect(await calledForAnother()).toBe(false);
      }, 120_000);
    });
  });
};
