import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import { wantedBy } from '../../../lib/delivery/formats/formats.ts';
import { composeMessage, envelopeBytes, type Message } from '../../../lib/delivery/message.ts';
import type { Pending } from '../../../lib/delivery/pending.ts';
import { batchFormats, type DeliveryFormat, deliveryFormats } from '../../../lib/domain/delivery/formats.ts';
import { deliveryDefaults } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import { MemoryBatchStore } from '../../../lib/stores/memory/batches.ts';
import { MemoryPartitionStore } from '../../../lib/stores/memory/partitions.ts';
import { bodyText } from '../../harness/body-text.ts';
import { recordOf } from '../../harness/records.ts';
import { cursorRef, makeRig, offsetsOf, ok } from './rig.ts';

const at = { topicId: 't1', partition: 1023 };
const groupOf = (format: DeliveryFormat) => ({
  ...{ groupId: 'g1', name: 'a-group.of_some-length', topic: 'orders' },
  delivery: { ...deliveryDefaults, format },
});
const group = groupOf('webhook');
const clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0, sleep: async () => undefined };

/** A failure is made smaller for this long at most. */
const bounded = { interruptAfterTimeLimit: 20_000 };

/** Text of any characters, among them those that JSON escapes and those of several bytes. */
const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const record: fc.Arbitrary<NewRecord> = fc
  .record(
    {
      value: fc.oneof(text(80), fc.jsonValue()),
      key: text(10),
      headers: fc.dictionary(text(5), text(10), { maxKeys: 2 }),
      timestamp: fc.integer({ min: 0, max: 4e12 }),
    },
    { requiredKeys: ['value'] },
  )
  .map(recordOf);
const binary: fc.Arbitrary<NewRecord> = fc
  .uint8Array({ maxLength: 80 })
  .map((bytes) => ({ valueBase64: Buffer.from(bytes).toString('base64') }));
const batches = fc.array(fc.array(fc.oneof(record, binary), { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});

const stored = (contents: readonly (readonly NewRecord[])[]): MemoryBatchStore => {
  const store = new MemoryBatchStore(clock);
  let base = 0;
  for (const records of contents) {
    const data = encodeRecords(records);
    const [writeId, appendedAt] = [new Uint8Array(8), clock.now()];
    store.table.put(
      at,
      { base, count: records.length, data, writeId, appendedAt, bytesBefore: 0 },
      appendedAt,
      appendedAt,
    );
    base += records.length;
  }
  return store;
};

const messagesOf = async (
  format: DeliveryFormat,
  store: MemoryBatchStore,
  maxBytes: number,
  { batchSize, end }: { batchSize: number; end?: number },
): Promise<{ message: Message; records: readonly Pending[] }[]> => {
  const runs = new RunReader({ batches: store, partitions: new MemoryPartitionStore(), clock });
  const backlog = new Backlog(runs, at, maxBytes);
  const messages = [];
  const { delivery, ...rest } = groupOf(format);
  const group = { ...rest, delivery: { ...delivery, batchSize } };
  for (let from = 0; ; ) {
    const [first, ...others] = (await backlog.next(wantedBy(group, { from, end }))).records;
    if (first === undefined) return messages;
    const records = [first, ...others] as const;
    const message = composeMessage(group, at.partition, records);
    messages.push({ message, records });
    from = message.end;
  }
};

const bytesOf = ({ body }: { body: string | Uint8Array }): number => Buffer.byteLength(body);

describe('the body of a message', () => {
  it('is within its limit unless it holds one record, whatever the records and the format are, and no record is left out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...deliveryFormats),
        batches,
        fc.integer({ min: 1, max: 1200 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (format, contents, maxBytes, batchSize, ends) => {
          const count = contents.flat().length;
          const wanted = { batchSize, ...(ends && { end: count }) };
          const messages = await messagesOf(format, stored(contents), maxBytes, wanted);
          const limit = envelopeBytes(group, at.partition) + maxBytes;
          for (const { message, records } of messages)
            if (records.length > 1) expect(bytesOf(message)).toBeLessThanOrEqual(limit);
          const offsets = messages.flatMap(({ records }) => records.map(({ offset }) => offset));
          expect(offsets).toEqual(Array.from({ length: count }, (_, offset) => offset));
          const hasJson = batchFormats.includes(format) || format === 'cloudevents-structured';
          for (const { message } of hasJson ? messages : [])
            expect(() => JSON.parse(bodyText(message)) as unknown).not.toThrow();
          if (!batchFormats.includes(format)) expect(messages).toHaveLength(count);
        },
      ),
      bounded,
    );
  });

  it('is as full as the limit allows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...batchFormats),
        batches,
        fc.integer({ min: 1, max: 1200 }),
        async (format, contents, maxBytes) => {
          const messages = await messagesOf(format, stored(contents), maxBytes, { batchSize: 1000 });
          const limit = maxBytes + (format === 'webhook' ? envelopeBytes(group, at.partition) : '[]'.length);
          for (const [index, { records }] of messages.slice(1).entries()) {
            const [next] = records;
            const before = messages[index]?.message ?? { body: '' };
            expect(bytesOf(before) + Buffer.byteLength(`,${next?.json}`)).toBeGreaterThan(limit);
          }
        },
      ),
      bounded,
    );
  });

  it('is at most 960 KiB in a delivery, to the byte, envelope and commas included', async () => {
    const { rig, deliver, append, sent } = await makeRig({ delivery: { batchSize: 1000 } });
    append(...Array.from({ length: 300 }, (_, index) => ({ value: `é${'x'.repeat(16_000 + index)}` })));
    rig.answer = ({ body }) =>
      Buffer.byteLength(body) <= limits.deliveryBytes ? ok : { ...ok, status: 413 };
    await deliver();
    expect(sent.flatMap(offsetsOf)).toHaveLength(300);
    for (const request of sent) {
      expect(bytesOf(request)).toBeLessThanOrEqual(limits.deliveryBytes);
      if (request !== sent.at(-1)) expect(bytesOf(request)).toBeGreaterThan(limits.deliveryBytes - 17_000);
    }
    expect(limits.deliveryBytes).toBeLessThan(1_000_000);
  });

  it('fills its limit exactly where the records do', async () => {
    const { deliver, append, sent, group: own } = await makeRig();
    const bare = Buffer.byteLength(
      JSON.stringify({ partition: 0, offset: 0, timestamp: '2026-01-01T00:00:00.000Z', value: '' }),
    );
    const room = limits.deliveryBytes - envelopeBytes(own, 0);
    const half = (room - 1) / 2 - bare;
    const [small, large] = [Math.floor(half), Math.ceil(half)];
    append({ value: 'x'.repeat(small) }, { value: 'x'.repeat(large) });
    append({ value: 'x'.repeat(small) }, { value: 'x'.repeat(large + 1) });
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[0, 1], [2], [3]]);
    expect(bytesOf(sent[0] ?? { body: '' })).toBe(limits.deliveryBytes);
  });

  it('is cut where a version before made the message longer, and the rest follows', async () => {
    const { deliver, append, sent, cursors, cursor, clock: time } = await makeRig();
    const value = 'x'.repeat(limits.deliveryBytes / 4);
    append(...Array.from({ length: 6 }, () => ({ value })));
    const holder = { read: undefined, startOffset: 0, owner: 'dead', now: time.now(), pendingEnd: 5 };
    await cursors.acquire(cursorRef, { ...holder, leaseUntil: time.now() });
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(await cursor()).toMatchObject({ committed: 6, leaseUntil: 0 });
  });
});
