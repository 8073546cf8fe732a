import ipaddr from 'ipaddr.js';
import { Problem } from '../errors.ts';

/** Where webhooks may go. */
export interface EgressRules {
  /** Whether endpoints on this machine are allowed, by http too. For the local runtime alone. */
  readonly allowLoopback: boolean;
}

/** RFC 4291, 2.4: what is assigned as global unicast. Everything outside it is special in one way or another. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');
/** RFC 6052: an IPv4 address for a NAT64 gateway to call. */
const nat64 = ipaddr.parseCIDR('64:ff9b::/96');

/** Azure's virtual machines get their metadata and settings from it, though it looks public. */
const azureHost = '168.63.129.16';

type Reach = 'public' | 'loopback' | 'forbidden';

/** The address that a connection would in the end be made to: IPv4 may be wrapped into IPv6. */
const unwrapped = (address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 => {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(nat64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
};

const reachOf = (text: string): Reach => {
  if (!ipaddr.isValid(text)) return 'forbidden';
  const address = unwrapped(ipaddr.parse(text));
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast' || address.toString() === azureHost) return 'forbidden';
  return address instanceof ipaddr.IPv6 && !address.match(globalUnicast) ? 'forbidden' : 'public';
};

/**
 * Whether a webhook may connect to `address`, an IP address as text. Only public unicast addresses are: no private,
 * link-local (and so no metadata service), unique-local, shared (CGNAT), multicast, reserved or unspecified ones, no
 * tunnels (6to4, Teredo), no local NAT64, and none of these wrapped into IPv6. What cannot be read as one is not.
 * @param secure whether the connection is by TLS; without it only loopback is allowed, if at all.
 */
export const mayConnectTo = (address: string, secure: boolean, { allowLoopback }: EgressRules): boolean => {
  const reach = reachOf(address);
  return reach === 'loopback' ? allowLoopback : secure && reach === 'public';
};

/** An address that stands in a URL as itself; undefined for a name. IPv6 comes without its brackets. */
export const literalAddress = (hostname: string): string | undefined => {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) ? bare : undefined;
};

/** `localhost` and what is below it (RFC 6761, 6.3). */
export const namesThisMachine = (hostname: string): boolean => /^(.+\.)?localhost\.?$/.test(hostname);

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
  const local = literal === undefined ? namesThisMachine(url.hostname) : reachOf(literal) === 'loopback';
  if (!secure && url.protocol !== 'http:') refuse('The URL must begin with https://.');
  if (!secure && !(rules.allowLoopback && local))
    refuse(
      rules.allowLoopback
        ? 'The URL must begin with https://; http:// is for endpoints on this machine alone.'
        : 'The URL must begin with https://.',
    );
  if (url.username !== '' || url.password !== '')
    refuse('The URL must not hold a user name or password. Send them in a header of the endpoint.');
  const forbidden =
    literal === undefined ? local && !rules.allowLoopback : !mayConnectTo(literal, secure, rules);
  if (forbidden) refuse('The URL must lead to a public address.');
  return url.href;
};
