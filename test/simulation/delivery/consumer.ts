import { type Asked, acknowledge } from '../../../lib/delivery/acks/acknowledge.ts';
import { type AckToken, AckTokens } from '../../../lib/delivery/acks/token.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import { CursorChanges } from '../../../lib/groups/pull/cursor-changes.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler, SimulatedProcess } from '../scheduler.ts';
import type { SimulatedDeps } from './faults.ts';
import { isRedriven } from './redrives.ts';
import { sentBy, type Watching } from './watching.ts';

export interface ConsumerOptions {
  readonly deps: (process: SimulatedProcess) => SimulatedDeps;
  /** From now on it acknowledges whatever it can. */
  readonly calm: () => boolean;
  readonly isPoison: (partition: number, offset: number, isRedriven: boolean) => boolean;
  readonly watchingOf: (request: WebhookRequest) => Watching;
  readonly isOneByOne: boolean;
  readonly onAcknowledged: (partition: number, through: number) => void;
  /** What a token is taken for. */
  readonly opened?: (token: AckToken, deps: SimulatedDeps) => Promise<AckToken>;
}

/** The time limit of a function that serves requests: then its process is gone. */
const requestMs = 29_000;
export const ackTimeoutSeconds = 10;

/** Somebody behind an endpoint, who acknowledges what that took: sooner or later, in part, not at all, and often for the second time. */
export class Consumer {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #options: ConsumerOptions;

  constructor(scheduler: Scheduler, random: Random, options: ConsumerOptions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#options = options;
  }

  /** The endpoint has a request, and answers it in this moment. */
  took(request: WebhookRequest): void {
    const { partition, offsets } = sentBy(request);
    const poison = offsets.filter((offset) => this.#options.isPoison(partition, offset, isRedriven(request)));
    const longestMs = (this.#options.calm() ? 0.5 : 1.6) * ackTimeoutSeconds * 1000;
    // Often before the endpoint's answer is known.
    const afterMs = this.#random.number() < 0.3 ? 0 : this.#random.number() * longestMs;
    this.#scheduler.after(afterMs, () => {
      for (const asked of this.#whatItSays(request, poison)) this.#say(request, asked);
    });
  }

  #whatItSays(request: WebhookRequest, poison: readonly number[]): readonly Asked[] {
    const { start, end } = sentBy(request);
    const chance = this.#random.number();
    const nack = { outcome: 'nack', delayMs: Math.floor(this.#random.number() * 3) * 1000 } as const;
    if (poison.length > 0) {
      if (chance < 0.3) return [{ outcome: 'ack', failed: poison }];
      return chance < 0.8 ? [nack] : [];
    }
    if (this.#options.calm() || chance < 0.5) return [{ outcome: 'ack' }];
    if (chance < 0.6)
      return [{ outcome: 'ack', before: start + 1 + Math.floor((chance * 1000) % (end - start)) }];
    if (chance < 0.65) return [{ outcome: 'ack' }, { outcome: 'ack' }, nack];
    if (chance < 0.75) return [nack];
    if (chance < 0.85) return [{ outcome: 'extend', ms: this.#random.number() * 60_000 }, { outcome: 'ack' }];
    return chance < 0.95 ? [{ outcome: 'ack' }] : [];
  }

  /** Says it until it is answered. */
  #say(request: WebhookRequest, asked: Asked): void {
    this.#note(request, asked);
    const process = this.#scheduler.process();
    const deps = this.#options.deps(process);
    const { clock, random } = deps;
    const changes = new CursorChanges({ cursors: deps.cursors, clock, random }, { isAlone: false });
    const own = new AckTokens(deps.secrets);
    const { opened } = this.#options;
    const tokens = {
      open: async (text: string) => {
        const token = await own.open(text);
        return opened === undefined ? token : opened(token, deps);
      },
    };
    let isOver = false;
    const repeat = (): void => {
      if (isOver) return;
      isOver = true;
      process.crash();
      this.#scheduler.after(1000, () => this.#say(request, asked));
    };
    this.#scheduler.after(requestMs, repeat);
    acknowledge({ ...deps, tokens, changes }, request.headers['webhook-ack-token'] ?? '', asked).then(
      () => {
        isOver = true;
      },
      (error: unknown) => {
        // It is not its own any more: what it did comes again.
        if (error instanceof Problem && error.code === 'lease_lost') isOver = true;
        else repeat();
      },
    );
  }

  /** From the moment that it is said, it may count. */
  #note(request: WebhookRequest, asked: Asked): void {
    if (asked.outcome !== 'ack') return;
    const { partition, end } = sentBy(request);
    const watching = this.#options.watchingOf(request);
    for (const offset of asked.failed ?? []) watching.onRecordRefused(partition, offset);
    const [first = end] = asked.failed ?? [];
    const through = asked.before ?? (this.#options.isOneByOne ? first : end);
    watching.onAcknowledged(request, through, new Set(asked.failed));
    if (!isRedriven(request)) this.#options.onAcknowledged(partition, through);
  }
}
