import type { LogRecord } from '../../domain/records/records.ts';

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, number>;

/** What becomes of records of a shared group that were handed out. */
export interface RecordOutcome {
  /** The dead-letter topic, where the records are of a redrive; absent: the group's own. */
  readonly topic?: string;
  readonly partition: number;
  /** The first of them. */
  readonly from: number;
  /** The offset after the last of them. */
  readonly to: number;
  /** They are done with; are to be handed out again; or stay with the member for another ack timeout. */
  readonly outcome: 'ack' | 'nack' | 'extend';
  /** Of a nack: not before this, ms. */
  readonly delayMs?: number;
}

/** An acknowledgement has offsets in a group of mode `pull`, and outcomes of records in one of mode `shared`. */
export interface Acknowledgement {
  /** By partition the offset after the last record that is done with: all below it is. */
  readonly offsets?: Offsets;
  readonly records?: readonly RecordOutcome[];
}

/** What says which leases a client believes in. */
interface FromConsumer {
  readonly consumerId: string;
  /** By partition, as an answer to a poll gave them. Where the lease is another by now, what it asks for is refused. */
  readonly epochs?: Offsets;
}

export interface PollRequest extends FromConsumer {
  /** 0: nothing is handed out, and the member stays one. */
  readonly maxRecords: number;
  /** Of the records' JSON; the first record is given whatever its size. */
  readonly maxBytes: number;
  /** How long to wait for a first record, ms. */
  readonly waitMs: number;
  readonly ack?: Acknowledgement;
  /**
   * By partition the offset after the last record that the client has of it: the poll goes on there though what is before is not
   * acknowledged. Each counts under the epoch that `epochs` has for it. Of mode `pull`.
   */
  readonly positions?: Offsets;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

export interface AckRequest extends FromConsumer {
  readonly ack: Acknowledgement;
}

/** Of mode `pull`: what is below the offsets is acknowledged, and what is from there on is handed out again. */
export interface NackRequest extends FromConsumer {
  readonly offsets: Offsets;
  /** Not before this, ms. */
  readonly delayMs: number;
}

export interface HandedOut {
  readonly record: LogRecord;
  /** The dead-letter topic, where it comes from there. */
  readonly topic?: string;
  /** Of mode `shared`: how often it was handed out, this time included. */
  readonly deliveries?: number;
}

export interface Polled {
  /** In order of offset within a partition. */
  readonly records: readonly HandedOut[];
  /** The partitions that are the member's. None in mode `shared`, where all are everybody's. */
  readonly assignment: readonly number[];
  /** Of the partitions that records come from, or that are held. */
  readonly epochs: Offsets;
  /**
   * Partitions whose acknowledgement, which came with the poll, was not taken, or may not have been, since another was first: what was
   * not acknowledged comes again.
   */
  readonly unacknowledged: readonly number[];
  /** Wall clock ms. The member is no member any more then, unless it polls. */
  readonly leaseUntil: number;
  /** Wall clock ms. What is handed out here and not acknowledged then is handed out again. */
  readonly ackUntil: number;
}
