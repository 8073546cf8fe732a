import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type EgressRules, mayConnectTo } from '../../domain/egress.ts';

/** Resolves a name to all its addresses, as `node:dns` does. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family?: number; readonly hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A name stands for an address that webhooks may not go to. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
}

/**
 * The `lookup` of a connection: resolves the name once and hands on what was checked, so that a name that answers
 * differently each time gains nothing. One forbidden address among several refuses them all.
 */
export const guardedLookup =
  (rules: EgressRules, secure: boolean, resolve: Resolve = systemLookup): LookupFunction =>
  (hostname, options, callback) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
    const hints = options.hints === undefined ? {} : { hints: options.hints };
    resolve(hostname, { all: true, family, ...hints }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error) callback(error, []);
      else if (first === undefined || !addresses.every(({ address }) => mayConnectTo(address, secure, rules)))
        callback(new ForbiddenAddressError('The name leads to an address that is not public.'), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
