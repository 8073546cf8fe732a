import { retryAfterMs } from '../domain/delivery/retry.ts';
import type { WebhookAnswer } from '../stores/webhooks.ts';
import type { Message } from './message.ts';

/** What an attempt came to. */
export type Outcome =
  | {
      readonly kind: 'acknowledged';
      /** Exclusive: every record of the message below it is acknowledged, and at least one is. */
      readonly through: number;
    }
  | {
      /** `outage`: the endpoint could not take any message now. `refusal`: it did not want this one. */
      readonly kind: 'outage' | 'refusal';
      /** For people. */
      readonly reason: string;
      /** HTTP status, where there was an answer, and how its body began, where that is told. */
      readonly status?: number;
      readonly excerpt?: string;
      /** How long the endpoint asked to be left alone, ms. */
      readonly retryAfterMs?: number;
      /** It said that it is gone for good. */
      readonly gone?: boolean;
    };

type Answered = Extract<WebhookAnswer, { kind: 'answered' }>;

const outageStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const askToWait: ReadonlySet<number> = new Set([429, 503]);

/** @param now wall clock ms at which the answer came. */
export const outcomeOf = (answer: WebhookAnswer, message: Message, now: number): Outcome => {
  if (answer.kind === 'unreachable') return { kind: 'outage', reason: answer.reason };
  const { status } = answer;
  if (status >= 200 && status < 300) return acknowledgement(answer, message);
  const wait = askToWait.has(status) && answer.retryAfter ? retryAfterMs(answer.retryAfter, now) : undefined;
  return {
    kind: outageStatuses.has(status) ? 'outage' : 'refusal',
    reason: `The endpoint answered ${status}.`,
    status,
    ...(answer.excerpt !== undefined && { excerpt: answer.excerpt }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(status === 410 && { gone: true }),
  };
};

const acknowledgement = ({ acknowledged, status }: Answered, { start, end }: Message): Outcome => {
  if (acknowledged === undefined || acknowledged.kind === 'all')
    return { kind: 'acknowledged', through: end };
  if (acknowledged.kind === 'unclear') return { kind: 'refusal', reason: acknowledged.reason, status };
  const { offset } = acknowledged;
  if (offset > start && offset <= end) return { kind: 'acknowledged', through: offset };
  const reason =
    offset === start
      ? `The endpoint acknowledged nothing: ack.offset is ${start}, where the message begins.`
      : `The endpoint answered with an ack.offset that is no offset from ${start + 1} to ${end}.`;
  return { kind: 'refusal', reason, status };
};
