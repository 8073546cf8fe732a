import { partitionForKey } from '../../lib/domain/records/partitioning.ts';
import type { Broker } from '../broker/broker.ts';
import { producedText } from '../broker/record-text.ts';
import type { Progress, Work } from '../terminal/progress.ts';
import { Lanes } from './lanes.ts';
import { PartitionSender, type SenderDeps } from './sender.ts';
import { SentRecords } from './sent-records.ts';
import { InputError, type Source, type SourceRecord } from './source.ts';
import type { ImportState } from './state.ts';

export interface ImportDeps extends Omit<SenderDeps, 'source' | 'save'> {
  readonly broker: Broker;
  readonly progress: Pick<Progress, 'tell'>;
  /** By key also where the file names a partition. */
  readonly byKey: boolean;
  /** The end of each partition when the import began. */
  readonly ends: ReadonlyMap<number, number>;
}

/** Records without key and partition stay together for so long. */
const keylessTogether = 1000;

/**
 * Gives each record of a file its partition, the same every time that the file is read: those of a key, and those without, go to
 * the `divided` partitions that the topic had when the import began.
 */
const partitioner = (
  source: Source,
  { divided, has, byKey }: { readonly divided: number; readonly has: number; readonly byKey: boolean },
) => {
  let keyless = 0;
  return ({ record, partition, at }: SourceRecord): number => {
    if (partition !== undefined && !byKey) {
      if (partition < has) return partition;
      throw new InputError(
        source,
        at,
        `It is of partition ${partition}, and the topic has ${has}. Give the topic more, or have the keys say where records go: --by-key.`,
      );
    }
    if (record.key !== undefined) return partitionForKey(record.key, divided);
    keyless += 1;
    return Math.floor((keyless - 1) / keylessTogether) % divided;
  };
};

/** What was imported so far, and what part of it is done. */
class Imported implements Work {
  records = 0;
  bytes = 0;
  fraction = 0;
}

/**
 * Sends the records of a file that are not stored yet, each partition's in order, and notes how far that has come.
 * @throws InputError for what is wrong in the file; what keeps it from going on. The next run goes on there.
 */
export const importFile = async (
  deps: ImportDeps,
  source: Source,
  state: ImportState,
): Promise<Pick<Work, 'records' | 'bytes'>> => {
  const { ends, progress, signal } = deps;
  const save = (): void => state.save();
  const sent = new Map<number, SentRecords>();
  const sentTo = (partition: number): SentRecords => {
    const known =
      sent.get(partition) ??
      new SentRecords(partition, state.of(partition, ends.get(partition) ?? 0), state.other);
    sent.set(partition, known);
    return known;
  };
  for (const partition of state.partitions.keys()) sentTo(partition);
  const partitionOf = partitioner(source, {
    divided: state.plan.partitions,
    has: ends.size,
    byKey: deps.byKey,
  });
  const lanes = new Lanes((partition) => {
    const known = state.of(partition, ends.get(partition) ?? 0);
    const sender = new PartitionSender({ ...deps, source, save }, partition, known, sentTo(partition));
    return { sender, firstRecords: known.pending };
  });
  const imported = new Imported();
  try {
    for await (const given of source.records()) {
      signal.throwIfAborted();
      const partition = partitionOf(given);
      if (sentTo(partition).passes(given.record)) continue;
      await lanes.add(partition, given);
      imported.records += 1;
      imported.bytes += producedText(given.record, partition).length;
      imported.fraction = source.fraction;
      progress.tell(imported);
    }
    await lanes.end();
    for (const records of sent.values()) records.end();
  } finally {
    await lanes.settle();
    state.save();
  }
  state.finish();
  return imported;
};
