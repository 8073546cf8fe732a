import { retryAfterMs } from '../../domain/delivery/retry.ts';
import type { DeliverySettings } from '../../domain/groups/groups.ts';
import type { WebhookAnswer } from '../../stores/webhooks.ts';
import type { Message } from '../message.ts';

type Sent = Pick<Message, 'start' | 'end' | 'offsets'>;

/** What an attempt came to. */
export type Outcome =
  | {
      readonly kind: 'acknowledged';
      /** Exclusive: every record of the message below it is acknowledged, and at least one is. */
      readonly through: number;
      /** Those that it refused of what is left, where it said so; in order. */
      readonly failed?: readonly number[];
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
      /** Of a refusal: which records, where it said that, in order. */
      readonly failed?: readonly number[];
    };

/** What an attempt came to that acknowledged nothing. */
export type Failed = Exclude<Outcome, { kind: 'acknowledged' }>;

type Answered = Extract<WebhookAnswer, { kind: 'answered' }>;

const outageStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const askToWait: ReadonlySet<number> = new Set([429, 503]);

/**
 * @param now wall clock ms at which the answer came.
 * @param ack where it is `explicit` the endpoint has taken the message, whatever its body says.
 */
export const outcomeOf = (
  answer: WebhookAnswer,
  message: Sent,
  now: number,
  ack: DeliverySettings['ack'] = 'response',
): Outcome => {
  if (answer.kind === 'unreachable') return { kind: 'outage', reason: answer.reason };
  const { status } = answer;
  if (status >= 200 && status < 300)
    return ack === 'explicit'
      ? { kind: 'acknowledged', through: message.end }
      : acknowledgement(answer, message);
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

const acknowledgement = ({ acknowledged, status }: Answered, message: Sent): Outcome => {
  if (acknowledged === undefined || acknowledged.kind === 'all')
    return { kind: 'acknowledged', through: message.end };
  if (acknowledged.kind === 'unclear') return { kind: 'refusal', reason: acknowledged.reason, status };
  return acknowledged.kind === 'below'
    ? acknowledgedBelow(acknowledged.offset, message, status)
    : acknowledgedBut(acknowledged.offsets, message, status);
};

const acknowledgedBelow = (offset: number, { start, end }: Sent, status: number): Outcome => {
  if (offset > start && offset <= end) return { kind: 'acknowledged', through: offset };
  const reason =
    offset === start
      ? `The endpoint acknowledged nothing: ack.offset is ${start}, where the message begins.`
      : `The endpoint answered with an ack.offset that is no offset from ${start + 1} to ${end}.`;
  return { kind: 'refusal', reason, status };
};

/** @param failed ascending. One that the message has not makes all of it unclear. */
const acknowledgedBut = (failed: readonly number[], { offsets, end }: Sent, status: number): Outcome => {
  const sent = new Set(offsets);
  const stranger = failed.find((offset) => !sent.has(offset));
  if (stranger !== undefined) {
    const reason = `The endpoint answered with an ack.failed that has offset ${stranger}, which the message has not.`;
    return { kind: 'refusal', reason, status };
  }
  const [first = end, ...others] = failed;
  if (first !== offsets[0]) return { kind: 'acknowledged', through: first, failed };
  const behind = others.length === 0 ? '' : `, and ${others.length} more of the message`;
  return {
    kind: 'refusal',
    reason: `The endpoint refused the record at offset ${first}${behind}.`,
    status,
    failed,
  };
};
