import ipaddr from 'ipaddr.js';
import { Problem } from '../errors.ts';
import { reachOf } from './egress/addresses.ts';
import { nameAgainst, namesThisMachine } from './egress/names.ts';
import { portAgainst } from './egress/ports.ts';

/** Where webhooks may go. */
export interface EgressRules {
  /** Whether endpoints on this machine are allowed, by http too. For the local runtime alone. */
  readonly allowLoopback: boolean;
}

/**
 * Why a webhook may not connect to `address`, an IP address as text: what it is, in words. Undefined where it may: only to
 * public addresses (`reachOf`).
 * @param secure whether the connection is by TLS; without it only loopback is allowed, if at all.
 */
export const addressAgainst = (
  address: string,
  secure: boolean,
  { allowLoopback }: EgressRules,
): string | undefined => {
  const reach = reachOf(address);
  if (reach.kind === 'public') return secure ? undefined : 'public, and the URL is one of http';
  return reach.kind === 'loopback' && allowLoopback ? undefined : reach.words;
};

/** Whether a webhook may connect to `address`, as `addressAgainst`. */
export const mayConnectTo = (address: string, secure: boolean, rules: EgressRules): boolean =>
  addressAgainst(address, secure, rules) === undefined;

/** An address that stands in a URL as itself; undefined for a name. IPv6 comes without its brackets. */
export const literalAddress = (hostname: string): string | undefined => {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) ? bare : undefined;
};

const refuse = (message: string): never => {
  throw new Problem('invalid_request', message, { errors: [{ path: 'url', message }] });
};

/**
 * Checks all of an endpoint's URL that can be known before its name is resolved; the addresses are checked whenever a
 * connection is made.
 * @returns the URL in its normal form.
 * @throws Problem `invalid_request`, its error at `url`.
 */
export const assertPublicUrl = (text: string, rules: EgressRules): string => {
  // A URL parser leaves these out without a word, or cuts them off, and another address is called than was meant.
  if (/\p{Cc}/u.test(text)) refuse('The URL must not hold control characters, such as line breaks or tabs.');
  if (text.trim() !== text) refuse('The URL must not begin or end with white space.');
  const url = URL.canParse(text)
    ? new URL(text)
    : refuse('The URL cannot be read. Give an absolute https URL.');
  const secure = url.protocol === 'https:';
  const literal = literalAddress(url.hostname);
  const local = literal === undefined ? namesThisMachine(url.hostname) : reachOf(literal).kind === 'loopback';
  if (!secure && url.protocol !== 'http:') refuse('The URL must begin with https://.');
  if (!secure && !(rules.allowLoopback && local))
    refuse(
      rules.allowLoopback
        ? 'The URL must begin with https://; http:// is for endpoints on this machine alone.'
        : 'The URL must begin with https://.',
    );
  if (url.username !== '' || url.password !== '')
    refuse('The URL must not hold a user name or password. Send them in a header of the endpoint.');
  const against =
    literal === undefined
      ? !rules.allowLoopback && nameAgainst(url.hostname)
      : addressAgainst(literal, secure, rules);
  if (against && literal !== undefined)
    refuse(`The URL must lead to a public address, and ${literal} is not one: it is ${against}.`);
  if (against) refuse(`The URL must lead to a public address, and "${url.hostname}" does not: ${against}.`);
  const port = url.port === '' ? undefined : portAgainst(Number(url.port));
  if (port !== undefined)
    refuse(
      `The URL must not have the port ${url.port}: that is for ${port}. Have the endpoint listen at another.`,
    );
  return url.href;
};
