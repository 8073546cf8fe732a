/**
 * A message on the wake queue: somebody should look at one (push group, partition).
 *
 * - `append`: there may be records past the cursor. Dropped when a lease is live (its holder looks again) or a retry
 *   is still due (its own wake comes).
 * - `retry`: the backoff of the attempt made under `epoch` is over.
 * - `continue`: the holder of `epoch` ran out of time with work left.
 *
 * A `retry` or `continue` that arrives while the lease of its own epoch is still live queues itself again; one whose
 * epoch is over is dropped, because a later holder answers for the partition.
 */
export interface Wake {
  readonly kind: 'append' | 'retry' | 'continue';
  readonly topicId: string;
  readonly groupId: string;
  /** The group's name: with `topicId`, where it is stored. */
  readonly group: string;
  readonly partition: number;
  readonly epoch?: number;
  /** Carried into logs, so that one call can be followed to its webhook. */
  readonly requestId?: string;
  readonly traceparent?: string;
}
