import { jsonText } from '../../../lib/domain/json/text.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import type { Place } from '../../../lib/log/read/places.ts';
import type { Reader, TakeRange } from '../../../lib/log/read/reader.ts';
import { logWorld } from './scripted-store.ts';

export type World = ReturnType<typeof logWorld>;

export const partitionsOf = (count: number): readonly PartitionRef[] =>
  Array.from({ length: count }, (_none, partition) => ({ topicId: 'orders1', partition }));

export const each: Omit<TakeRange, 'offset'> = { maxRecords: 10, maxBytes: 10_000 };

/** Puts a batch there, as another process would: nobody is told. */
export const put = ({ clock, store }: World, at: PartitionRef, count = 1): void => {
  const now = clock.now();
  const base = store.table.end(at);
  const records = Array.from({ length: count }, (_none, index) => ({ valueJson: jsonText(base + index) }));
  const writeId = new Uint8Array(8);
  const data = encodeRecords(records);
  store.table.put(at, { base, count, data, writeId, appendedAt: now, bytesBefore: 0 }, now, now);
};

export const takeFrom = (world: World, reader: Reader, { at, offset }: Place) =>
  world.outcome(reader.take(at, { offset, ...each }));

/** A world of partitions that a reader has read to their ends, which are not all alike. */
export const readToTheEnds = async (
  count: number,
  world: World = logWorld(),
  reader: Reader = world.reader(),
): Promise<{ world: World; reader: Reader; ends: readonly Place[] }> => {
  const ends: Place[] = [];
  for (const at of partitionsOf(count)) {
    for (let batch = 0; batch < at.partition % 3; batch += 1) put(world, at, 2);
    const { next } = await takeFrom(world, reader, { at, offset: 0 });
    ends.push({ at, offset: next });
  }
  world.store.requests = [];
  return { world, reader, ends };
};
