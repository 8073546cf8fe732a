/**
 * A message on the wake queue: somebody should look at one (push group, partition).
 *
 * - `append`: there may be records past the cursor. Dropped when a lease is live (its holder looks again) or a retry
 *   is still due (its own wake comes).
 * - `retry`: the backoff of the attempt made under `epoch` is over.
 * - `continue`: the holder of `epoch` ran out of time with work left.
 * - `due`: a message that was refused may be sent again, in a partition in which others go on meanwhile (`Cursor.wakeAt`).
 * - `resume`: the group has an endpoint that it did not have, or that was changed, so that a retry which is due later need
 *   not be waited for.
 *   `epoch` is that of a lease it found live, if it met one.
 *
 * A `retry` or `continue` that arrives while the lease of its own epoch is still live, or the retry that was set under
 * it is due later, queues itself again. One whose
 * epoch is over is as an `append`: that it is over may be its own doing, in a run that crashed after it acquired.
 * A `due` waits for any lease and any retry: whoever holds the partition counts on it.
 */
export interface Wake {
  readonly kind: 'append' | 'retry' | 'continue' | 'due' | 'resume';
  readonly topicId: string;
  readonly groupId: string;
  /** The group's name: with `topicId`, where it is stored. */
  readonly group: string;
  readonly partition: number;
  readonly epoch?: number;
  /** The resend that it is about, and the lane of its cursors; absent: the group's own deliveries. Never of an `append`. */
  readonly lane?: string;
  /** The redrive that it is about: `partition` is of the topic of the dead letters then. Never of an `append`. */
  readonly redriveId?: string;
  /** The call that asked for it, where it was one: into the logs of what it sets going. */
  readonly requestId?: string;
}
