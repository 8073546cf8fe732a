import type { CursorStore } from '../../../lib/stores/cursors.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { bodyText } from '../../harness/body-text.ts';

/** What must never happen did. */
export class BreachError extends Error {
  override readonly name = 'BreachError';
}

export const breachUnless = (holds: boolean, what: () => string): void => {
  if (!holds) throw new BreachError(what());
};

export interface Sent {
  readonly partition: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly offsets: readonly number[];
}

const read = new WeakMap<WebhookRequest, Sent>();

/** The boundaries that a message's id tells, and what its body holds. */
export const sentBy = (request: WebhookRequest): Sent => {
  const known = read.get(request) ?? readSent(request);
  read.set(request, known);
  return known;
};

const readSent = (request: WebhookRequest): Sent => {
  const { headers } = request;
  const [partition, start, end] = (headers['webhook-id'] ?? '').split('-').slice(1).map(Number);
  const { data } = JSON.parse(bodyText(request)) as {
    data: { partition: number; records: { offset: number }[] };
  };
  const offsets = data.records.map(({ offset }) => offset);
  breachUnless(
    data.partition === partition,
    () => `message ${headers['webhook-id']} is of ${data.partition}`,
  );
  return { partition: partition ?? -1, start: start ?? -1, end: end ?? -1, offsets };
};

/** What holds of records that are refused for ever, and those that a filter leaves out. */
export interface RecordRules {
  readonly maxAttempts: number;
  /** Whether the group's filter leaves the record out. */
  readonly isLeftOut: (offset: number) => boolean;
}

/** Watches what happens at the endpoint and to the cursors; the first breach is kept. What holds in every order is here. */
export abstract class Watching {
  breach: BreachError | undefined;
  readonly #rules: RecordRules;
  readonly #bodies = new Map<string, string>();
  readonly #refusals = new Map<string, number>();
  readonly #dead = new Set<string>();

  constructor(rules: RecordRules) {
    this.#rules = rules;
  }

  check(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof BreachError)) throw error;
      this.breach ??= error;
    }
  }

  /** The first offset from `offset` on that the group's filter does not leave out. */
  past(offset: number): number {
    return this.isLeftOut(offset) ? this.past(offset + 1) : offset;
  }

  protected isLeftOut(offset: number): boolean {
    return this.#rules.isLeftOut(offset);
  }

  /** Each attempt of a message is the same. */
  protected requireSame(request: WebhookRequest): void {
    const id = request.headers['webhook-id'] ?? '';
    const body = this.#bodies.get(id) ?? bodyText(request);
    this.#bodies.set(id, body);
    breachUnless(body === bodyText(request), () => `message ${id} was sent with two bodies`);
  }

  /** How often the endpoint refused the message from `start` to `end`. */
  protected refusalsOf(partition: number, start: number, end: number): number {
    return this.#refusals.get(`${partition}-${start}-${end}`) ?? 0;
  }

  /** The endpoint has said no to this very message. */
  onRefused(request: WebhookRequest): void {
    const { partition, start, end } = sentBy(request);
    this.#countRefusal(partition, start, end);
  }

  /** It was said of a record by itself that it failed. */
  onRecordRefused(partition: number, offset: number): void {
    this.#countRefusal(partition, offset, offset + 1);
  }

  #countRefusal(partition: number, start: number, end: number): void {
    this.#refusals.set(`${partition}-${start}-${end}`, this.refusalsOf(partition, start, end) + 1);
  }

  /** A record is among the dead letters now: once, and after the endpoint has refused it alone as often as it is tried. */
  protected requireDead(partition: number, offset: number): void {
    const place = `${partition}-${offset}`;
    const refusals = this.refusalsOf(partition, offset, offset + 1);
    breachUnless(
      refusals >= this.#rules.maxAttempts,
      () => `${place} is a dead letter, and was refused ${refusals} times`,
    );
    breachUnless(!this.#dead.has(place), () => `${place} is a dead letter twice`);
    this.#dead.add(place);
  }

  /** Everything below was received at least once, since the group began or was moved. */
  abstract received(partition: number): number;
  /** A request reached the endpoint. */
  abstract onReceived(request: WebhookRequest): void;
  /** A record is among the dead letters, now or before. */
  abstract onDead(partition: number, offset: number, isNew: boolean): void;
  /** The endpoint, or who is behind it, has said that it has those of the message that are below `through`, but for those that failed. */
  abstract onAcknowledged(request: WebhookRequest, through: number, failed?: ReadonlySet<number>): void;
  /** The answer to a request is known. */
  abstract onAnswered(request: WebhookRequest): void;
  /** A holder sends a message. */
  abstract onSend(request: WebhookRequest, epoch: number | undefined, now: number): void;
  /** `cursors`, each write of which is looked at as it takes effect, in the store where it does. */
  abstract watch(cursors: CursorStore, store: CursorStore): CursorStore;
}
