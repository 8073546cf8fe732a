import { signatureOf } from '../../secrets/signing-keys.ts';

export interface SignedMessage {
  /** The same on every attempt; without dots. */
  readonly id: string;
  /** As it is sent; text as UTF-8. */
  readonly body: string | Uint8Array;
}

/**
 * The headers by which an endpoint knows that a message is ours (https://www.standardwebhooks.com): its id, the time of
 * this attempt, and one signature for each secret, of whatever kind, separated by spaces, so that any one of them verifies. What is signed are
 * the bytes that are sent, whether they are text or not.
 * @param at wall clock ms of the attempt.
 * @param secrets `whsec_…` or `whsk_…`, newest first; at least one.
 */
export const signatureHeaders = (
  { id, body }: SignedMessage,
  at: number,
  secrets: readonly string[],
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(at / 1000));
  const content = [`${id}.${timestamp}.`, body];
  const signatures = secrets.map((secret) => signatureOf(content, secret));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};
