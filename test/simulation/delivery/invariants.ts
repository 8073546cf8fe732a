import type { Cursor, CursorRef } from '../../../lib/domain/groups/cursors.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { type RecordRules, breachUnless as require, type Sent, sentBy, Watching } from './watching.ts';

/** Watches delivery in the order of partitions: one message after the other, each from where the one before ended. */
export class Invariants extends Watching {
  readonly #clocksAreRight: boolean;
  readonly #received = new Map<number, number>();
  readonly #acknowledged = new Map<number, number>();
  readonly #cursors = new Map<number, Cursor>();
  /** The end of each message that a holder sent, by partition and start. */
  readonly #ends = new Map<string, number>();
  /** The epoch that the last seek of a partition gave it: who was given a lease before was fenced by it. */
  readonly #soughtEpochs = new Map<number, number>();
  /** The request that is under way in each partition, and until when at most. */
  readonly #underWay = new Map<number, { readonly request: WebhookRequest; readonly until: number }>();
  /** The epoch under which each request was sent. */
  readonly #sentUnder = new WeakMap<WebhookRequest, number>();

  /**
   * @param clocksAreRight Then no two runs hold a lease at once. Where a clock is wrong, one whose lease was taken may
   * send once more what it was about to; that is all it can do: it moves no cursor, and every other invariant holds.
   */
  constructor(clocksAreRight: boolean, rules: RecordRules) {
    super(rules);
    this.#clocksAreRight = clocksAreRight;
  }

  /** A message has all that is between its boundaries, which are records of its own, but for what is left out. */
  #requireWhole({ start, end, offsets }: Sent, id: string): void {
    const all = Array.from({ length: end - start }, (_, index) => start + index);
    const expected = all.filter((offset) => !this.isLeftOut(offset));
    const isWhole = offsets.join() === expected.join() && !this.isLeftOut(start) && !this.isLeftOut(end - 1);
    require(isWhole, () => `message ${id} holds ${offsets}`);
  }

  /** A record is among the dead letters now, or was before. */
  onDead(partition: number, offset: number, isNew: boolean): void {
    this.check(() => {
      const acknowledged = this.#acknowledged.get(partition) ?? 0;
      if (acknowledged <= offset && this.past(acknowledged) >= offset)
        this.#acknowledged.set(partition, offset + 1);
      if (isNew) this.requireDead(partition, offset);
    });
  }

  /**
   * Records below this were received at least once, and in order. After a seek that is so from where it moved the group to: what
   * came before it counts no more.
   */
  received(partition: number): number {
    return this.#received.get(partition) ?? 0;
  }

  /** A request reached the endpoint. */
  onReceived(request: WebhookRequest): void {
    this.check(() => {
      const sent = sentBy(request);
      const { partition, start, end } = sent;
      const id = request.headers['webhook-id'] ?? '';
      this.#requireWhole(sent, id);
      this.requireSame(request);
      // A copy of a message from before a seek may come at any time.
      if (this.#isFenced(partition, this.#sentUnder.get(request))) return;
      const through = this.received(partition);
      require(start <= this.past(through), () => `${id} came when only ${through} records had come`);
      this.#received.set(partition, Math.max(through, end));
    });
  }

  /** The endpoint has answered that it has every record below `through`. */
  onAcknowledged(request: WebhookRequest, through: number): void {
    const { partition } = sentBy(request);
    if (this.#isFenced(partition, this.#sentUnder.get(request))) return;
    this.#acknowledged.set(partition, Math.max(through, this.#acknowledged.get(partition) ?? 0));
  }

  /** The answer to a request is known. */
  onAnswered(request: WebhookRequest): void {
    const { partition } = sentBy(request);
    if (this.#underWay.get(partition)?.request === request) this.#underWay.delete(partition);
  }

  /** A holder sends a message: by its lease nobody else may, and the cursor says which message it is. */
  onSend(request: WebhookRequest, epoch: number | undefined, now: number): void {
    this.check(() => {
      const { partition, start, end } = sentBy(request);
      if (epoch !== undefined) this.#sentUnder.set(request, epoch);
      // Who was fenced by a seek does not know it yet, and may send once more: it moves no cursor.
      if (this.#isFenced(partition, epoch)) return;
      const cursor = this.#cursors.get(partition);
      const id = request.headers['webhook-id'];
      const holds = cursor?.epoch === epoch;
      const other = this.#underWay.get(partition);
      this.#underWay.set(partition, { request, until: now + request.timeoutMs });
      if (this.#clocksAreRight) {
        require((other?.until ?? 0) <= now, () =>
          `${id} sent to ${request.url}, while ${other?.request.url} was called`);
        require(holds, () => `${id} sent under epoch ${epoch}, the cursor's is ${cursor?.epoch}`);
        require((cursor?.leaseUntil ?? 0) >= now + request.timeoutMs, () => `${id} may outlast its lease`);
      }
      require(!holds || (cursor?.committed === start && cursor.pendingEnd === end), () =>
        `${id} sent, the cursor's message is ${cursor?.committed} to ${cursor?.pendingEnd}`);
      const before = this.#ends.get(`${partition}-${start}`) ?? end;
      this.#ends.set(`${partition}-${start}`, end);
      // One that was refused three times is halved.
      const isHalved = end < before && this.refusalsOf(partition, start, before) >= 3;
      require(before === end || isHalved, () => `${id} sent, and before it ended at ${before}`);
    });
  }

  onCursor(partition: number, cursor: Cursor): void {
    this.check(() => {
      const before = this.#cursors.get(partition);
      this.#cursors.set(partition, cursor);
      const acknowledged = this.#acknowledged.get(partition) ?? 0;
      require(cursor.committed >= (before?.committed ?? 0), () =>
        `the cursor of ${partition} went back from ${before?.committed} to ${cursor.committed}`);
      require(cursor.epoch >= (before?.epoch ?? 0), () => `the epoch of ${partition} went back`);
      require(cursor.committed <= this.past(acknowledged), () =>
        `${cursor.committed} committed in ${partition}, ${acknowledged} acknowledged`);
    });
  }

  /** A seek has moved the cursor: everything from there on is to come, and nothing below it. */
  #onSeek(partition: number, cursor: Cursor): void {
    this.check(() => {
      const before = this.#cursors.get(partition);
      if (before?.version === cursor.version) return;
      require(cursor.epoch > (before?.epoch ?? 0), () => `a seek of ${partition} fenced nobody`);
      this.#cursors.set(partition, cursor);
      this.#soughtEpochs.set(partition, cursor.epoch);
      // Who was fenced may still be at it.
      this.#underWay.delete(partition);
      this.#received.set(partition, cursor.committed);
      this.#acknowledged.set(partition, cursor.committed);
      for (const place of this.#ends.keys()) if (place.startsWith(`${partition}-`)) this.#ends.delete(place);
    });
  }

  #isFenced(partition: number, epoch: number | undefined): boolean {
    return (epoch ?? 0) < (this.#soughtEpochs.get(partition) ?? 0);
  }

  /** `cursors`, each write of which is looked at as it takes effect, in the store where it does. */
  watch(cursors: CursorStore, store: CursorStore): CursorStore {
    const look = async <T>(ref: CursorRef, write: Promise<T>, isSeek = false): Promise<T> => {
      const result = await write;
      const cursor = await store.get(ref);
      if (cursor === undefined) return result;
      if (isSeek) this.#onSeek(ref.partition, cursor);
      else this.onCursor(ref.partition, cursor);
      return result;
    };
    return {
      get: (ref) => cursors.get(ref),
      list: (groupId) => cursors.list(groupId),
      places: (groupId) => cursors.places(groupId),
      acquire: (ref, acquisition) => look(ref, cursors.acquire(ref, acquisition)),
      commit: (ref, commit) => look(ref, cursors.commit(ref, commit)),
      release: (ref, release) => look(ref, cursors.release(ref, release)),
      replace: (ref, read, next) => look(ref, cursors.replace(ref, read, next), true),
      deleteAll: (groupId) => cursors.deleteAll(groupId),
    };
  }
}
