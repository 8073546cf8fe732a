import type { Socket } from 'node:net';
import { addressAgainst, type EgressRules, literalAddress } from '../../domain/delivery/egress.ts';
import { connectToFirst } from './connect.ts';
import type { Resolve } from './resolve.ts';

/** A name stands for an address that webhooks may not go to. The message is what that is. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
}

/** No address is known of a name. */
export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError';
}

/** The way to the endpoint of one request: connections are made for it, until its time is over. */
export class Route {
  /** Connections of the same origin may be used in turn. */
  readonly origin: string;
  /** Whether its name is being resolved. */
  resolving = false;
  readonly #url: URL;
  readonly #rules: EgressRules;
  readonly #resolve: Resolve;
  readonly #signal: AbortSignal;

  constructor(
    url: URL,
    signal: AbortSignal,
    options: { readonly rules: EgressRules; readonly resolve: Resolve },
  ) {
    this.origin = url.origin;
    this.#url = url;
    this.#rules = options.rules;
    this.#resolve = options.resolve;
    this.#signal = signal;
  }

  /**
   * Resolves the name once and connects to what was checked, so that a name that answers differently each time gains
   * nothing. One forbidden address among several refuses them all.
   * @throws ForbiddenAddressError, UnresolvedNameError
   * @throws Error of `node:net`, or the reason of the signal.
   */
  async connect(): Promise<Socket> {
    const { hostname, protocol, port } = this.#url;
    const secure = protocol === 'https:';
    const literal = literalAddress(hostname);
    const addresses = literal === undefined ? await this.#addressesOf(hostname) : [literal];
    const [against] = addresses.flatMap((address) => addressAgainst(address, secure, this.#rules) ?? []);
    if (against !== undefined) throw new ForbiddenAddressError(against);
    return connectToFirst(addresses, port === '' ? (secure ? 443 : 80) : Number(port), this.#signal);
  }

  async #addressesOf(hostname: string): Promise<string[]> {
    this.resolving = true;
    const addresses = await new Promise<string[]>((resolve, reject) => {
      this.#resolve(hostname, { signal: this.#signal }, (error, found) => {
        if (error === null && found.length > 0) resolve(found.map(({ address }) => address));
        else reject(new UnresolvedNameError(undefined, { cause: error }));
      });
    });
    this.resolving = false;
    return addresses;
  }
}
