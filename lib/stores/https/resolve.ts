import { Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { namesThisMachine } from '../../domain/delivery/egress/names.ts';
import { addressesListed, hostsFile } from './hosts-file.ts';

/**
 * Resolves a name to all its addresses, those first that are to be tried first. It ends with `signal` at the latest.
 * @throws Error with a `code`, as `node:dns` gives them, from the promise that stands behind `callback`.
 */
export type Resolve = (
  hostname: string,
  options: { readonly signal: AbortSignal },
  callback: (error: Error | null, addresses: readonly { readonly address: string }[]) => void,
) => void;

export interface NameServers {
  /** `address:port` of each; without it those of the system, as they are at that moment. */
  readonly servers?: readonly string[];
  /** Default: the system's. */
  readonly hostsFile?: string;
}

/**
 * Of one query to one server. It doubles with each of the tries: the endpoint's own timeout ends them, as a rule.
 */
const query = { timeout: 1500, tries: 4, maxTimeout: 5000 } as const;
/** For the addresses of one family after those of the other (RFC 8305, 3: a server may never answer for one). */
const secondFamilyMs = 300;
const noAddresses: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);
/** Another server may know better: glibc asks it as well, and c-ares as Node sets it up does not. */
const serverFailures: ReadonlySet<string> = new Set([
  'ESERVFAIL',
  'EREFUSED',
  'ENOTIMP',
  'EFORMERR',
  'EBADRESP',
]);

/**
 * A resolver by c-ares, which waits in the event loop. `dns.lookup` waits in threads of which there are few: a name that
 * no server answers for holds them all up. (Node's documentation, "Implementation considerations" of `node:dns`.)
 * Nothing is cached.
 */
export const nameResolver =
  (options: NameServers = {}): Resolve =>
  (hostname, { signal }, callback) => {
    addressesOf(hostname.toLowerCase().replace(/\.$/, ''), signal, options).then(
      (addresses) =>
        callback(
          null,
          addresses.map((address) => ({ address })),
        ),
      (error: Error) => callback(error, []),
    );
  };

const addressesOf = async (name: string, signal: AbortSignal, options: NameServers): Promise<string[]> => {
  // RFC 6761, 6.3: no server is asked for these.
  if (namesThisMachine(name)) return ['::1', '127.0.0.1'];
  const listed = await addressesListed(options.hostsFile ?? hostsFile, name);
  return listed.length > 0 ? listed : askServers(name, signal, options.servers);
};

const askServers = async (
  name: string,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<string[]> => {
  signal.throwIfAborted();
  // New ones each time: c-ares reads the system's configuration when it is made, and never again (nodejs/node #49485).
  // One for each family: what is wrong with the answer to one query fails the others of its resolver too.
  const [six, four] = [new Resolver(query), new Resolver(query)] as const;
  const cancel = (): void => {
    for (const resolver of [six, four]) resolver.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const all = servers ?? six.getServers();
    for (let first = 0; ; first += 1) {
      if (servers !== undefined || first > 0)
        for (const resolver of [six, four])
          resolver.setServers([...all.slice(first), ...all.slice(0, first)]);
      try {
        return await bothFamilies(six.resolve6(name), four.resolve4(name));
      } catch (error) {
        if (signal.aborted || first + 1 >= all.length || !serverFailures.has(codeOf(error))) throw error;
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    // What is still asked no longer matters.
    cancel();
  }
};

const bothFamilies = async (sixAsked: Promise<string[]>, fourAsked: Promise<string[]>): Promise<string[]> => {
  const found: { six: string[]; four: string[] } = { six: [], four: [] };
  const queries = [
    sixAsked.then((six) => Object.assign(found, { six })),
    fourAsked.then((four) => Object.assign(found, { four })),
  ];
  await Promise.any(queries).catch((none: AggregateError) => {
    throw telling(none.errors as readonly unknown[]);
  });
  await Promise.race([Promise.allSettled(queries), pause(secondFamilyMs, undefined, { ref: false })]);
  return hasIPv6() ? alternating(found.six, found.four) : alternating(found.four, found.six);
};

/** Where one family has no addresses and the other failed, the failure is the answer. */
const telling = (errors: readonly unknown[]): unknown =>
  errors.find((error) => !noAddresses.has(codeOf(error))) ?? errors[0];

/** Without a global address of its own a machine reaches none; RFC 6724 puts them last then. */
const hasIPv6 = (): boolean =>
  Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal, scopeid }) => family === 'IPv6' && !internal && scopeid === 0),
  );

/** RFC 8305, 4: so that a family that does not work costs one attempt. */
const alternating = (first: readonly string[], second: readonly string[]): string[] =>
  Array.from({ length: Math.max(first.length, second.length) }, (_, at) => [first[at], second[at]])
    .flat()
    .filter((address) => address !== undefined);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
