import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import type { Answer } from './client.ts';
import { suiteBroker } from './suite-broker.ts';

/** Records that are sent again, as whoever has an address and a key sees them. */
export const describeRepeats = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, sent the same again`, () => {
    const broker = suiteBroker(start);
    const { newTopic } = broker;

    const send = (
      topic: string,
      records: readonly unknown[],
      headers: { readonly [name: string]: string },
    ): Promise<Answer> => broker.admin.call('POST', `/v1/topics/${topic}/records`, { records }, headers);

    const valuesIn = async (topic: string, partition = 0): Promise<unknown[]> =>
      (await broker.admin.fetch(topic, partition, 'offset=earliest')).records.map(({ value }) => value);

    test('with an Idempotency-Key each record is written once, in every partition', async () => {
      const topic = await newTopic(3);
      const records = [0, 1, 2, 1].map((partition, index) => ({ partition, value: index }));
      const headers = { 'idempotency-key': randomUUID() };
      const first = await send(topic, records, headers);
      expect(first.status).toBe(200);
      const second = await send(topic, records, headers);
      expect(second).toMatchObject({ status: 200, body: first.body });
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect([await valuesIn(topic, 0), await valuesIn(topic, 1), await valuesIn(topic, 2)]).toEqual([
        [0],
        [1, 3],
        [2],
      ]);
    });

    test('with an Idempotency-Key, sent several times at once, one writes and none is told anything else', async () => {
      const topic = await newTopic(1);
      const headers = { 'idempotency-key': randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => send(topic, [{ value: 'one' }], headers)),
      );
      for (const { status, body } of answers)
        if (status === 200) expect(body).toMatchObject({ results: [{ partition: 0, offset: 0 }] });
        else expect(body).toMatchObject({ code: 'idempotency_taken_over' });
      expect(await send(topic, [{ value: 'one' }], headers)).toMatchObject({ status: 200 });
      expect(await valuesIn(topic)).toEqual(['one']);
    });

    test('with an Idempotency-Key of other records it is refused', async () => {
      const topic = await newTopic(1);
      const headers = { 'idempotency-key': randomUUID() };
      await send(topic, [{ value: 1 }], headers);
      expect(await send(topic, [{ value: 2 }], headers)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_mismatch' },
      });
      expect(await valuesIn(topic)).toEqual([1]);
    });

    test('a producer that numbers its appends has each once, in order, and a later epoch ends the one before', async () => {
      const topic = await newTopic(1);
      const id = randomUUID();
      const append = (epoch: number, seq: number, value: string): Promise<Answer> =>
        send(topic, [{ partition: 0, value }], {
          'producer-id': id,
          'producer-epoch': String(epoch),
          'producer-seq': String(seq),
        });
      for (const seq of [0, 1]) expect((await append(0, seq, `a${seq}`)).status).toBe(200);
      const again = await append(0, 1, 'a1');
      expect(again).toMatchObject({ status: 200, body: { results: [{ offset: 1 }] } });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(await append(0, 3, 'a3')).toMatchObject({
        status: 409,
        body: { code: 'sequence_gap', expectedSeq: 2, receivedSeq: 3 },
      });
      expect((await append(1, 0, 'b0')).status).toBe(200);
      expect(await append(0, 2, 'a2')).toMatchObject({ status: 403, body: { code: 'producer_fenced' } });
      expect(await valuesIn(topic)).toEqual(['a0', 'a1', 'b0']);
    });
  });
};
