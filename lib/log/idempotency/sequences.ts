import { packProducers, unpackProducers } from '../../domain/idempotency/producer-table.ts';
import { judgeSequence, type ProducerState, stateAfter } from '../../domain/idempotency/producers.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { ProducerStore } from '../../stores/producers.ts';
import type { Waiting } from '../append/waiting.ts';
import type { Tail } from '../tail.ts';
import { outOfSequence } from './refusals.ts';

/** What is known of producers at one tail: those that its batch carries, that which appended last coming first, and parked ones. */
export interface KnownProducers {
  readonly carried: readonly ProducerState[];
  readonly parked: ReadonlyMap<string, ProducerState>;
}

/**
 * What is known, at `tail`, of the producers of `waiting`. Those that the tail's batch does not carry were parked before it was put, if
 * ever they were: so they are asked for once the tail is known, and for each tail anew.
 * @throws as ProducerStore.get.
 */
export const producersAt = async (
  store: Pick<ProducerStore, 'get'> | undefined,
  at: PartitionRef,
  tail: Tail,
  waiting: readonly Waiting[],
  signal: AbortSignal,
): Promise<KnownProducers> => {
  const carried = unpackProducers(tail.producers, tail);
  const ids = new Set(waiting.flatMap(({ sequenced }) => (sequenced === undefined ? [] : [sequenced.id])));
  for (const { id } of carried) ids.delete(id);
  const parked = new Map<string, ProducerState>();
  await Promise.all(
    [...ids].map(async (id) => {
      const state = await store?.get(at, id, signal);
      if (state !== undefined) parked.set(id, state);
    }),
  );
  return { carried, parked };
};

/** What becomes of appends in order, each judged by those before it. */
export interface Numbered {
  /** To be put, in one batch. */
  readonly writing: readonly Waiting[];
  /** To be judged again: by the batch of another that is the same, or by the log as it is now. */
  readonly later: readonly Waiting[];
  /** The tail is older than an append that it has no place for. */
  readonly isPast: boolean;
  /** For the batch to carry. */
  readonly table: Uint8Array | undefined;
  /** To be parked before the batch is put, since it has no room for them. They do not append in it, so this is how they stand. */
  readonly parking: readonly ProducerState[];
}

/**
 * Judges what its producers have numbered, and answers at once what is not to be written.
 * What a tail says of an append that is there, or of an epoch that has begun, stays true. That one is missing it says only of its own
 * time: an append that came later is not refused by it.
 * @param batch what they will be put in: at which tail, and its date in wall clock ms.
 */
export const numberAppends = (
  at: PartitionRef,
  { carried, parked }: KnownProducers,
  waiting: readonly Waiting[],
  batch: { readonly tail: Tail; readonly appendedAt: number; readonly maxTableBytes: number },
): Numbered => {
  const states = new Map(carried.map((state) => [state.id, state]));
  /** Who appends in this batch, the last one last. */
  const appending = new Map<string, ProducerState>();
  const writing: Waiting[] = [];
  const later: Waiting[] = [];
  let end = batch.tail.end;
  let isPast = false;
  for (const append of waiting) {
    const { sequenced } = append;
    if (sequenced !== undefined) {
      const state = appending.get(sequenced.id) ?? states.get(sequenced.id) ?? parked.get(sequenced.id);
      const verdict = judgeSequence(state, sequenced);
      if (verdict.kind === 'duplicate') {
        const { base, appendedAt } = verdict;
        if (base >= batch.tail.end) later.push(append);
        else append.resolve({ base, appendedAt, replayed: true });
        continue;
      }
      if (verdict.kind === 'gap' && batch.tail.asOf.monotonic < append.arrivedAt) {
        later.push(append);
        isPast = true;
        continue;
      }
      if (verdict.kind !== 'next') {
        append.reject(outOfSequence(at, sequenced, verdict));
        continue;
      }
      appending.delete(sequenced.id);
      appending.set(sequenced.id, stateAfter(state, sequenced, { base: end, appendedAt: batch.appendedAt }));
    }
    writing.push(append);
    end += append.records.length;
  }
  const others = carried.filter(({ id }) => !appending.has(id));
  const origin = { end, appendedAt: batch.appendedAt };
  const newestFirst = [...appending.values()].reverse();
  const { table, left } = packProducers(newestFirst, others, origin, batch.maxTableBytes);
  return { writing, later, isPast, table, parking: left };
};
