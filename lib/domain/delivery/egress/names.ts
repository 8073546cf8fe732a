/** `localhost` and what is below it (RFC 6761, 6.3). */
export const namesThisMachine = (hostname: string): boolean => /^(.+\.)?localhost\.?$/.test(hostname);

/** Names of metadata services that are public names by their form. */
const metadata: readonly string[] = ['metadata.tencentyun.com'];

/** The last parts of names that are of no public network, and by what. */
const unpublic: ReadonlyMap<string, string> = new Map([
  ['internal', 'it is for private networks (and the metadata service of Google Cloud)'],
  ['local', 'it is for the local network (mDNS, RFC 6762)'],
  ['localdomain', 'it is for the local network'],
  ['home.arpa', 'it is for home networks (RFC 8375)'],
  ['lan', 'it is for the local network'],
  ['intranet', 'it is for private networks'],
  ['corp', 'it is for private networks'],
  ['home', 'it is for home networks'],
  ['onion', 'it is for Tor (RFC 7686)'],
  ['invalid', 'it never exists (RFC 6761)'],
]);

/**
 * Why no webhook may be called by this name, whatever it resolves to; undefined for one where that decides.
 * @param hostname in lower case, as a URL has it.
 */
export const nameAgainst = (hostname: string): string | undefined => {
  const name = hostname.replace(/\.$/, '');
  if (namesThisMachine(name)) return 'it is this machine itself';
  if (metadata.includes(name)) return 'it is a metadata service';
  const labels = name.split('.');
  if (labels.length < 2) return 'it has no domain, so it is of a private network';
  return unpublic.get(labels.slice(-2).join('.')) ?? unpublic.get(labels.at(-1) ?? '');
};
