import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { isRedriven } from './redrives.ts';
import { sentBy, type Watching } from './watching.ts';

export interface EndpointEvents {
  /** From now on it acknowledges everything. */
  readonly calm: () => boolean;
  readonly longestRetryAfterSeconds: number;
  /** It said that it is gone. */
  readonly onGone: () => void;
  readonly onAcknowledged: (partition: number, through: number) => void;
  /** Whether it is out altogether. */
  readonly isDown: (url: string) => boolean;
  /** Whether it will never take the record. */
  readonly isPoison: (partition: number, offset: number, isRedriven: boolean) => boolean;
  /** It only takes messages; who is behind it acknowledges them. */
  readonly onTaken?: ((request: WebhookRequest) => void) | undefined;
}

/** An endpoint that refuses, is out, asks to be left alone, is gone, acknowledges a part or everything. */
export const moodyEndpoint =
  (random: Random, watchingOf: (request: WebhookRequest) => Watching, events: EndpointEvents) =>
  (request: WebhookRequest): WebhookAnswer => {
    const invariants = watchingOf(request);
    invariants.onReceived(request);
    const { partition, start, end, offsets } = sentBy(request);
    const answer = (status: number) => ({ kind: 'answered', status }) as const;
    const refuse = (status: number): WebhookAnswer => {
      invariants.onRefused(request);
      return answer(status);
    };
    const chance = events.calm() ? 1 : random.number();
    if (chance < 0.01) {
      events.onGone();
      return answer(410);
    }
    if (!events.calm() && events.isDown(request.url))
      return { kind: 'unreachable', reason: 'Connection refused.' };
    if (chance < 0.08) return refuse(500);
    if (chance < 0.14) {
      const retryAfter = String(Math.floor(random.number() * events.longestRetryAfterSeconds));
      return { kind: 'answered', status: 503, retryAfter };
    }
    if (chance < 0.2) return { kind: 'unreachable', reason: 'Connection refused.' };
    const isPoisoned = offsets.some((offset) => events.isPoison(partition, offset, isRedriven(request)));
    if (isPoisoned && (events.onTaken === undefined || random.number() < 0.5)) return refuse(422);
    const partial = chance < 0.35;
    const through = partial ? start + Math.floor(random.number() * (end - start + 1)) : end;
    if (events.onTaken !== undefined) {
      // What nobody acknowledges is refused.
      invariants.onRefused(request);
      events.onTaken(request);
      return { ...answer(202), ...(partial && { acknowledged: { kind: 'below', offset: through } }) };
    }
    // That it took nothing is a refusal.
    if (through === start) invariants.onRefused(request);
    invariants.onAcknowledged(request, through);
    if (!isRedriven(request)) events.onAcknowledged(partition, through);
    return partial ? { ...answer(200), acknowledged: { kind: 'below', offset: through } } : answer(200);
  };
