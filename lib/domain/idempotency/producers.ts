/*
 * Sequences, as Kafka's idempotent producers have them, by the headers and the rules of the Durable Streams protocol
 * (github.com/durable-streams/durable-streams, PROTOCOL.md, "Idempotent Producers"): a producer numbers its appends to a partition
 * 0, 1, 2, …, and begins again with 0 in a higher epoch.
 *
 * What is known of the producers of a partition stands in its last batch, and is handed on from batch to batch. An append goes
 * where nothing else is, so what it was checked against is true when it is stored: no second write is needed, and a late copy
 * of an append can do no harm.
 */

/** One append of a producer, as it is remembered. */
export interface ProducedAppend {
  /** Offset of its first record. */
  readonly base: number;
  /** Wall clock ms. */
  readonly appendedAt: number;
  /** Of its records: `sequenceDigest`. */
  readonly digest: string;
}

/** What is known of a producer in a partition. */
export interface ProducerState {
  /** `storedProducerId`. */
  readonly id: string;
  readonly epoch: number;
  /** Of its last append. */
  readonly sequence: number;
  /** Its last appends, the newest first: one at least, of this epoch alone. */
  readonly recent: readonly ProducedAppend[];
}

/** An append that a producer numbered. */
export interface Sequenced {
  /** `storedProducerId`. */
  readonly id: string;
  readonly epoch: number;
  readonly sequence: number;
  /** As of `ProducedAppend`. */
  readonly digest: string;
}

export type SequenceVerdict =
  | { readonly kind: 'next' }
  /** It is in the log already. */
  | { readonly kind: 'duplicate'; readonly base: number; readonly appendedAt: number }
  /** It is in the log, so long ago that it is not known where. */
  | { readonly kind: 'forgotten' }
  /** Something else was appended by this number. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'gap'; readonly expected: number }
  /** A later incarnation of the producer has begun. */
  | { readonly kind: 'fenced'; readonly epoch: number };

/** What becomes of an append, by what the partition's end knows of its producer (undefined: nothing). */
export const judgeSequence = (state: ProducerState | undefined, append: Sequenced): SequenceVerdict => {
  const isNew = state === undefined || append.epoch > state.epoch;
  if (isNew) return append.sequence === 0 ? { kind: 'next' } : { kind: 'gap', expected: 0 };
  if (append.epoch < state.epoch) return { kind: 'fenced', epoch: state.epoch };
  const ahead = append.sequence - state.sequence;
  if (ahead === 1) return { kind: 'next' };
  if (ahead > 1) return { kind: 'gap', expected: state.sequence + 1 };
  const known = state.recent[-ahead];
  if (known === undefined) return { kind: 'forgotten' };
  if (known.digest !== append.digest) return { kind: 'mismatch' };
  return { kind: 'duplicate', base: known.base, appendedAt: known.appendedAt };
};

/** As many as Kafka's brokers remember of a producer, which may have so many requests under way. */
const remembered = 5;

/** The state after an append that is the next one. */
export const stateAfter = (
  state: ProducerState | undefined,
  { id, epoch, sequence, digest }: Sequenced,
  at: { readonly base: number; readonly appendedAt: number },
): ProducerState => {
  const before = state?.epoch === epoch ? state.recent : [];
  return { id, epoch, sequence, recent: [{ ...at, digest }, ...before].slice(0, remembered) };
};

/** Of two states of a producer, whether `a` is the later one. */
export const isLater = (
  a: Pick<ProducerState, 'epoch' | 'sequence'>,
  b: Pick<ProducerState, 'epoch' | 'sequence'>,
): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
