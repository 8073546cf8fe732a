import { Webhook } from 'standardwebhooks';

export interface SignedMessage {
  /** The same on every attempt; without dots. */
  readonly id: string;
  readonly body: string;
}

/**
 * The headers by which an endpoint knows that a message is ours (https://www.standardwebhooks.com): its id, the time of
 * this attempt, and one signature for each secret, separated by spaces, so that any one of them verifies.
 * @param at wall clock ms of the attempt.
 * @param secrets `whsec_` and base64, newest first; at least one.
 */
export const signatureHeaders = (
  { id, body }: SignedMessage,
  at: number,
  secrets: readonly string[],
): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at / 1000)),
  'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body)).join(' '),
});
