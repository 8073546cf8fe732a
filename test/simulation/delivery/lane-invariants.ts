import type { Cursor, CursorRef } from '../../../lib/domain/groups/cursors.ts';
import type { Bounds } from '../../../lib/domain/groups/runs/hand-out.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { type RecordRules, breachUnless as require, sentBy, Watching } from './watching.ts';

/** What is known of one partition. */
interface Partition {
  /** Where the group began, or was moved to last: nothing below counts. */
  base: number;
  /** The epoch of that move: who was given a lease before was fenced by it. */
  soughtEpoch: number;
  readonly received: Set<number>;
  /** Acknowledged, or among the dead letters. */
  readonly done: Set<number>;
  cursor: Cursor | undefined;
  readonly underWay: Map<WebhookRequest, number>;
}

export interface LaneRules extends RecordRules {
  readonly clocksAreRight: boolean;
  readonly bounds: Bounds;
  /** Undefined where records have no order. */
  readonly keyOf: (offset: number) => string | undefined;
  readonly concurrency: number;
}

/** Watches delivery by the order of keys, or in none: what each record came to, whatever message it was in. */
export class LaneInvariants extends Watching {
  readonly #rules: LaneRules;
  readonly #partitions = new Map<number, Partition>();
  readonly #sentUnder = new WeakMap<WebhookRequest, number>();

  constructor(rules: LaneRules) {
    super(rules);
    this.#rules = rules;
  }

  #of(partition: number): Partition {
    const known = this.#partitions.get(partition) ?? {
      base: 0,
      soughtEpoch: 0,
      received: new Set<number>(),
      done: new Set<number>(),
      cursor: undefined,
      underWay: new Map<WebhookRequest, number>(),
    };
    this.#partitions.set(partition, known);
    return known;
  }

  received(partition: number): number {
    const { base, received } = this.#of(partition);
    let next = base;
    while (received.has(next) || this.isLeftOut(next)) next += 1;
    return next;
  }

  onReceived(request: WebhookRequest): void {
    this.check(() => {
      const { partition, offsets } = sentBy(request);
      this.requireSame(request);
      if (this.#isFenced(partition, this.#sentUnder.get(request))) return;
      for (const offset of offsets) this.#of(partition).received.add(offset);
    });
  }

  onDead(partition: number, offset: number, isNew: boolean): void {
    this.check(() => {
      this.#of(partition).done.add(offset);
      if (isNew) this.requireDead(partition, offset);
    });
  }

  onAcknowledged(request: WebhookRequest, through: number, failed: ReadonlySet<number> = new Set()): void {
    const { partition, offsets } = sentBy(request);
    if (this.#isFenced(partition, this.#sentUnder.get(request))) return;
    for (const offset of offsets)
      if (offset < through && !failed.has(offset)) this.#of(partition).done.add(offset);
  }

  onAnswered(request: WebhookRequest): void {
    this.#of(sentBy(request).partition).underWay.delete(request);
  }

  onSend(request: WebhookRequest, epoch: number | undefined, now: number): void {
    this.check(() => {
      const { partition, offsets } = sentBy(request);
      if (epoch !== undefined) this.#sentUnder.set(request, epoch);
      if (this.#isFenced(partition, epoch)) return;
      const known = this.#of(partition);
      const { cursor, underWay, done } = known;
      const id = request.headers['webhook-id'];
      const others = [...underWay].filter(([, until]) => until > now).map(([other]) => other);
      underWay.set(request, now + request.timeoutMs);
      if (!this.#rules.clocksAreRight) return;
      require(cursor?.epoch === epoch, () =>
        `${id} sent under epoch ${epoch}, the cursor's is ${cursor?.epoch}`);
      require((cursor?.leaseUntil ?? 0) >= now + request.timeoutMs, () => `${id} may outlast its lease`);
      require(others.length < this.#rules.concurrency, () => `${id} sent beside ${others.length} others`);
      for (const other of others)
        require(other.url === request.url, () =>
          `${id} sent to ${request.url}, while ${other.url} was called`);
      for (const offset of offsets) {
        const key = this.#rules.keyOf(offset);
        for (let before = known.base; key !== undefined && before < offset; before += 1)
          if (this.#rules.keyOf(before) === key && !offsets.includes(before) && !this.isLeftOut(before))
            require(done.has(before), () =>
              `${offset} of key ${key} sent in ${id} before ${before} was done with`);
        const beside = others.find((other) => sentBy(other).offsets.includes(offset));
        require(beside === undefined, () => `${offset} sent in ${id} while it was under way`);
      }
    });
  }

  #onCursor(partition: number, cursor: Cursor): void {
    this.check(() => {
      const known = this.#of(partition);
      const before = known.cursor;
      known.cursor = cursor;
      require(cursor.committed >= (before?.committed ?? 0), () =>
        `the cursor of ${partition} went back from ${before?.committed} to ${cursor.committed}`);
      require(cursor.epoch >= (before?.epoch ?? 0), () => `the epoch of ${partition} went back`);
      const acknowledged = (from: number, to: number): void => {
        for (let offset = Math.max(from, known.base); offset < to; offset += 1)
          require(known.done.has(offset) || this.isLeftOut(offset), () =>
            `${offset} of ${partition} is kept as done with, and is not`);
      };
      acknowledged(before?.committed ?? known.base, cursor.committed);
      for (const run of cursor.runs ?? []) if (run.state === 'acknowledged') acknowledged(run.start, run.end);
      const end = cursor.runs?.at(-1)?.end ?? cursor.committed;
      const { bounds } = this.#rules;
      require(end - cursor.committed <= bounds.records, () =>
        `${partition} is ${end - cursor.committed} offsets ahead of its cursor`);
    });
  }

  #onSeek(partition: number, cursor: Cursor): void {
    this.check(() => {
      const known = this.#of(partition);
      if (known.cursor?.version === cursor.version && known.cursor?.writeId === cursor.writeId) return;
      require(cursor.epoch > (known.cursor?.epoch ?? 0), () => `a seek of ${partition} fenced nobody`);
      known.cursor = cursor;
      known.soughtEpoch = cursor.epoch;
      known.base = cursor.committed;
      known.received.clear();
      known.done.clear();
      known.underWay.clear();
    });
  }

  #isFenced(partition: number, epoch: number | undefined): boolean {
    return (epoch ?? 0) < this.#of(partition).soughtEpoch;
  }

  watch(cursors: CursorStore, store: CursorStore): CursorStore {
    const look = async <T>(ref: CursorRef, write: Promise<T>): Promise<T> => {
      const result = await write;
      const cursor = await store.get(ref);
      if (cursor !== undefined) this.#onCursor(ref.partition, cursor);
      return result;
    };
    return {
      get: (ref) => cursors.get(ref),
      list: (groupId) => cursors.list(groupId),
      places: (groupId) => cursors.places(groupId),
      acquire: (ref, acquisition) => look(ref, cursors.acquire(ref, acquisition)),
      commit: (ref, commit) => look(ref, cursors.commit(ref, commit)),
      release: (ref, release) => look(ref, cursors.release(ref, release)),
      replace: async (ref, read, next) => {
        // Who holds a lease writes under its epoch; a seek ends it.
        const isSeek = next.epoch !== (read?.epoch ?? 0);
        const result = await cursors.replace(ref, read, next);
        const cursor = await store.get(ref);
        if (cursor === undefined) return result;
        if (isSeek && result.done) this.#onSeek(ref.partition, cursor);
        else this.#onCursor(ref.partition, cursor);
        return result;
      },
      deleteAll: (groupId) => cursors.deleteAll(groupId),
    };
  }
}
