import { Problem } from '../../domain/errors.ts';
import type { Run } from '../../domain/groups/cursors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { buryRecord } from '../bury.ts';
import type { PollDeps, Subject } from './deps.ts';

/** Records that go to the dead letters: all of a run, or those in front. */
export interface Burial {
  readonly at: PartitionRef;
  /** The name of the topic that they come from. */
  readonly topic: string;
  readonly run: Run;
}

/** Records that are written in one go at most, so that nobody waits for them for long. */
const recordsAtOnce = 20;

/** Where the records of the run end that are among the dead letters now, or are not there any more. */
export interface Buried {
  readonly through: number;
  /** What kept the next one from being written. */
  readonly error?: unknown;
}

/**
 * Appends records to the group's dead letters, each once however often this is done: the append is keyed by where the record stands.
 */
export const bury = async (deps: PollDeps, { group }: Subject, burial: Burial): Promise<Buried> => {
  const { at, run } = burial;
  let through = run.start;
  try {
    const range = {
      offset: run.start,
      maxRecords: Math.min(recordsAtOnce, run.end - run.start),
      maxBytes: 1e6,
    };
    const { records, next } = await deps.reader.take(at, range);
    for (const record of records) {
      if (record.offset >= run.end) break;
      const { deliveries, reason = 'timeout', since = 0 } = run;
      await buryRecord(deps, group, { at, record, topic: burial.topic, deliveries, reason, since });
      through = record.offset + 1;
    }
    // What compaction took away needs no letter.
    return { through: Math.max(through, Math.min(next, run.end)) };
  } catch (error) {
    const start = Number(error instanceof Problem ? error.details.members?.['startOffset'] : Number.NaN);
    // Retention took them: they are counted as lost.
    if (start > through) return { through: Math.min(start, run.end) };
    return { through, error };
  }
};
