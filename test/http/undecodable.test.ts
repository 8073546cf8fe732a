import { expect, test } from 'vitest';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { MemoryBatchStore } from '../../lib/stores/memory/batches.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import type { AppDeps } from './world.ts';
import { call, expectProblem, newWorld, produce, withTopic } from './world.ts';

/** A partition with the offsets 0 to 5, two a batch, of which the middle batch was written by a later version. */
const broken = async () => {
  let batches: MemoryBatchStore | undefined;
  const world = await newWorld(({ clock, random }: AppDeps) => {
    const { partitions } = memoryStores({ clock });
    batches = new MemoryBatchStore(clock);
    return {
      appender: new Appender({ batches, clock, random }),
      reader: new Reader({ batches, partitions, clock }),
    };
  });
  await withTopic(world, 2);
  for (const partition of [0, 0, 0, 1]) {
    const records = ['secret', 'secret'].map((value) => ({ value, partition }));
    expect((await produce(world, records)).status).toBe(200);
  }
  const topicId = (await world.deps.directory.resolve('orders')).topicId;
  const table = batches?.table;
  const middle = table?.batches({ topicId, partition: 0 })[1];
  if (table === undefined || middle === undefined) throw new Error('Nothing was appended.');
  Object.assign(middle, { data: Uint8Array.of(9, ...middle.data.subarray(1)) });
  return { world, topicId };
};

const fetchAt = 'GET /v1/topics/orders/partitions';

test('a batch that cannot be decoded is answered with where it is and where one could go on', async () => {
  const { world, topicId } = await broken();
  for (const offset of [2, 3]) {
    const answer = await call(world, `${fetchAt}/0/records?offset=${offset}`);
    const problem = expectProblem(answer, 500, 'undecodable_batch');
    expect(problem).toMatchObject({ partition: 0, offset: 2, nextOffset: 4 });
    expect(answer.text).not.toContain('secret');
    expect(world.events.at(-1)).toEqual({
      kind: 'undecodable-batch',
      topic: 'orders',
      topicId,
      partition: 0,
      base: 2,
      end: 4,
      reason:
        'The batch at 2 of partition 0 cannot be decoded. It is in a format that this version cannot read (9).',
      requestId: problem['requestId'],
    });
  }
  expect(world.events.filter(({ kind }) => kind === 'fault')).toEqual([]);
});

test('what is before it and after it is read, and so is every other partition', async () => {
  const { world } = await broken();
  const offsets = async (query: string): Promise<unknown> => {
    const { json } = await call(world, `${fetchAt}/${query}`);
    return [(json['records'] as { offset: number }[]).map(({ offset }) => offset), json['nextOffset']];
  };
  expect(await offsets('0/records?offset=0')).toEqual([[0, 1], 2]);
  expect(await offsets('0/records?offset=1')).toEqual([[1], 2]);
  expect(await offsets('0/records?offset=4')).toEqual([[4, 5], 6]);
  expect(await offsets('1/records?offset=0')).toEqual([[0, 1], 2]);
});
