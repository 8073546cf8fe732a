import type { Cursor, CursorRef } from '../../../lib/domain/groups/cursors.ts';
import type { Redrive } from '../../../lib/domain/groups/groups.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { breachUnless, sentBy, Watching } from './watching.ts';

/** Messages of the group's own topic have its id. */
export const isRedriven = ({ headers }: WebhookRequest): boolean =>
  headers['webhook-id']?.startsWith('g1-') !== true;

/**
 * Watches dead letters that the group was given again: what is committed of them was taken, or is a dead letter once more, each once and only
 * after it was refused as often as any.
 */
export class RedriveInvariants extends Watching {
  readonly #done = new Set<string>();
  readonly #committed = new Map<string, number>();

  onReceived(request: WebhookRequest): void {
    this.check(() => this.requireSame(request));
  }

  onAcknowledged(request: WebhookRequest, through: number, failed: ReadonlySet<number> = new Set()): void {
    const { partition, offsets } = sentBy(request);
    for (const offset of offsets)
      if (offset < through && !failed.has(offset)) this.#done.add(`${partition}-${offset}`);
  }

  onDead(partition: number, offset: number, isNew: boolean): void {
    this.check(() => {
      this.#done.add(`${partition}-${offset}`);
      if (isNew) this.requireDead(partition, offset);
    });
  }

  onSend(): void {
    // Who may send is watched where the group's own records are.
  }

  onAnswered(): void {
    // As of `onSend`.
  }

  received(): number {
    return 0;
  }

  watch(cursors: CursorStore): CursorStore {
    return cursors;
  }

  /** A cursor of a redrive's lane was written. @param from where it began. */
  onCursor({ lane, partition }: CursorRef, { committed, runs = [] }: Cursor, from: number): void {
    this.check(() => {
      const place = `${lane}/${partition}`;
      const before = this.#committed.get(place) ?? from;
      breachUnless(
        committed >= before,
        () => `the redrive ${place} went back from ${before} to ${committed}`,
      );
      const requireDone = (start: number, end: number): void => {
        for (let offset = start; offset < end; offset += 1)
          breachUnless(
            this.#done.has(`${partition}-${offset}`),
            () => `dead letter ${offset} of ${partition} is kept as done with, and is not`,
          );
      };
      requireDone(before, committed);
      for (const { state, start, end } of runs) if (state === 'acknowledged') requireDone(start, end);
      this.#committed.set(place, committed);
    });
  }

  /** Whether all of it was taken or is dead again. */
  assertOver({ redriveId, ranges }: Redrive): void {
    for (const [partition, [from, to]] of Object.entries(ranges)) {
      const committed = this.#committed.get(`${redriveId}/${partition}`) ?? from;
      breachUnless(
        committed >= to,
        () => `the dead letters of ${partition} ended at ${committed} of ${to}: a wake was lost`,
      );
    }
  }
}
