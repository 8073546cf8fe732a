import { dropOldest } from '../../domain/drop-oldest.ts';
import type { OAuth2Authentication } from '../../domain/groups/authentication.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { WebhookSender } from '../../stores/webhooks.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { type TokenAnswer, tokenOf, tokenRequest } from './token-request.ts';

const mostTokens = 1000;
/** A token is used no more so long before it ends, or half its lifetime, whichever is shorter. */
const leewayMs = 60_000;

export interface TokenDeps {
  readonly webhooks: WebhookSender;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
}

interface Held {
  readonly answer: Extract<TokenAnswer, { kind: 'token' }>;
  readonly askedAt: Instant;
}

/** The tokens that a process was given, by endpoint and its version. One that is wanted by several is asked for once. */
export class Tokens {
  readonly #held = new Map<string, Held>();
  readonly #asked = new Map<string, Promise<TokenAnswer>>();

  /** @param former one that the endpoint did not take: another is asked for, unless that was done since. */
  async get(
    deps: TokenDeps,
    key: string,
    authentication: OAuth2Authentication,
    { timeoutMs, former }: { readonly timeoutMs: number; readonly former?: string },
  ): Promise<TokenAnswer> {
    const held = this.#held.get(key);
    if (held !== undefined && held.answer.token !== former && isGood(held, deps.clock)) return held.answer;
    const joined = this.#asked.get(key);
    // Whoever asked may have more time.
    if (joined !== undefined) return within(deps.clock, joined, timeoutMs);
    const asked = this.#ask(deps, key, tokenRequest(authentication, timeoutMs));
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(
    { webhooks, clock }: TokenDeps,
    key: string,
    request: ReturnType<typeof tokenRequest>,
  ): Promise<TokenAnswer> {
    const askedAt = instantOf(clock);
    try {
      const answer = tokenOf(await webhooks.post(request));
      if (answer.kind === 'token') {
        this.#held.delete(key);
        this.#held.set(key, { answer, askedAt });
        dropOldest(this.#held, mostTokens);
      }
      return answer;
    } finally {
      this.#asked.delete(key);
    }
  }
}

/** What comes of `asked`, or that it takes longer than this. */
const within = async (
  clock: Pick<Clock, 'sleep'>,
  asked: Promise<TokenAnswer>,
  timeoutMs: number,
): Promise<TokenAnswer> => {
  const over = new AbortController();
  const late = clock
    .sleep(timeoutMs, over.signal)
    .then((): TokenAnswer => ({ kind: 'none', reason: 'The token server took all of its time.' }));
  try {
    return await Promise.race([asked, late]);
  } finally {
    over.abort();
  }
};

const isGood = ({ answer, askedAt }: Held, clock: TokenDeps['clock']): boolean =>
  elapsedMs(askedAt, instantOf(clock)) < answer.lifetimeMs - Math.min(leewayMs, answer.lifetimeMs / 2);
