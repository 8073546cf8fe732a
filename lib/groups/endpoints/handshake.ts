import { Problem } from '../../domain/errors.ts';
import type { Endpoint, Handshake } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import type { WebhookSender } from '../../stores/webhooks.ts';

/** What an endpoint is asked. */
export interface Asking {
  readonly url: string;
  /** The DNS name that requests to it are said to come from. */
  readonly origin: string;
  /** How often it is to be called at most, where that is set. */
  readonly requestsPerSecond?: number | undefined;
}

const timeoutMs = limits.endpointTestSeconds * 1000;
/** A lower rate cannot be kept to. */
const leastPerMinute = 60 * limits.requestsPerSecondLeast;

const refused = (why: string): Problem =>
  new Problem(
    'handshake_failed',
    `${why} It has to answer OPTIONS with 2xx and WebHook-Allowed-Origin, which is the WebHook-Request-Origin of the request, or "*". Nothing was changed; try again when it does, or leave "handshake" out.`,
  );

/**
 * Asks an endpoint whether it wants to be called: the handshake of CloudEvents, HTTP 1.1 Web Hooks for Event Delivery 1.0.2, section 4. A status
 * alone is no consent. That it agrees later, by a callback, is not offered: then it is registered later.
 * @throws Problem `handshake_failed` where it does not agree.
 */
export const askForConsent = async (
  { webhooks }: { readonly webhooks: WebhookSender },
  { url, origin, requestsPerSecond }: Asking,
): Promise<Handshake> => {
  const answer = await webhooks.post({
    url,
    method: 'OPTIONS',
    headers: {
      'user-agent': 'Millrace',
      'webhook-request-origin': origin,
      ...(requestsPerSecond !== undefined && {
        'webhook-request-rate': String(Math.max(1, Math.floor(requestsPerSecond * 60))),
      }),
    },
    body: '',
    timeoutMs,
  });
  if (answer.kind === 'unreachable') throw refused(`The endpoint could not be asked. ${answer.reason}`);
  const { status, allowed: { origin: allowed, rate } = {} } = answer;
  if (status < 200 || status > 299) throw refused(`The endpoint answered ${status} when it was asked.`);
  if (allowed === undefined) throw refused('The endpoint answered without a WebHook-Allowed-Origin.');
  if (allowed !== '*' && allowed.toLowerCase() !== origin.toLowerCase())
    throw refused('The endpoint allows another origin than the one that asked.');
  if (rate === undefined || rate.trim() === '*') return { origin };
  const perMinute = /^\s*\d{1,9}\s*$/.test(rate) ? Number(rate) : Number.NaN;
  if (!(perMinute >= leastPerMinute))
    throw refused(
      `The endpoint allows a rate (WebHook-Allowed-Rate) that is no whole number of requests a minute from ${leastPerMinute} on.`,
    );
  return { origin, perMinute };
};

/** What an endpoint has that agreed: it is called no more often than it allows. @param wanted requests a second, where that is set. */
export const agreedSettings = (
  handshake: Handshake,
  wanted: number | null | undefined,
): Pick<Endpoint, 'handshake' | 'requestsPerSecond'> => {
  const { perMinute } = handshake;
  const allowed = perMinute === undefined ? Number.POSITIVE_INFINITY : perMinute / 60;
  const rate = Math.min(wanted ?? Number.POSITIVE_INFINITY, allowed);
  if (rate === Number.POSITIVE_INFINITY) return { handshake };
  return { handshake, requestsPerSecond: Math.min(rate, limits.requestsPerSecond) };
};
