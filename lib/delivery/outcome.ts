import { retryAfterMs } from '../domain/retry.ts';
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
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(status === 410 && { gone: true }),
  };
};

const acknowledgement = (answer: Answered, { start, end }: Message): Outcome => {
  if (mayHideAcknowledgement(answer))
    return {
      kind: 'refusal',
      reason: answer.cutOff
        ? 'The endpoint answered with a JSON object too long to read, which may acknowledge only a part. Answer with less.'
        : 'The endpoint answered with an "ack" that cannot be read as JSON.',
    };
  const through = acknowledgedOffset(answer.body);
  if (through === undefined) return { kind: 'acknowledged', through: end };
  if (typeof through === 'number' && Number.isSafeInteger(through) && through > start && through <= end)
    return { kind: 'acknowledged', through };
  const reason =
    through === start
      ? `The endpoint acknowledged nothing: ack.offset is ${start}, where the message begins.`
      : `The endpoint answered with an ack.offset that is no offset from ${start + 1} to ${end}.`;
  return { kind: 'refusal', reason };
};

/** `ack.offset` of a JSON body, whatever it is; undefined when the body has none: then it acknowledges everything. */
const acknowledgedOffset = (body: string): unknown => {
  if (!body.includes('"ack"')) return undefined;
  const content = parsed(body);
  if (!isObject(content) || !('ack' in content)) return undefined;
  const { ack } = content;
  return isObject(ack) && 'offset' in ack ? ack.offset : undefined;
};

/**
 * Whether the body is an object that says perhaps that only a part is acknowledged, and cannot be read: nothing that
 * was not acknowledged may be lost. Whatever else an endpoint answers, pages of HTML too, acknowledges everything.
 */
const mayHideAcknowledgement = ({ body, cutOff }: Answered): boolean =>
  body.trimStart().startsWith('{') &&
  (cutOff === true || (body.includes('"ack"') && parsed(body) === undefined));

const isObject = (content: unknown): content is object => typeof content === 'object' && content !== null;

/** Undefined for what is no JSON. */
const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body.trim()) as unknown;
  } catch {
    return undefined;
  }
};
