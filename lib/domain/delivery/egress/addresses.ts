import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Where an address leads, and in words for people what it is, where it is not public. */
export type Reach =
  | { readonly kind: 'public' }
  | { readonly kind: 'loopback' | 'forbidden'; readonly words: string };

/** RFC 4291, 2.4: what is assigned as global unicast. Everything outside it is special in one way or another. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');
/** RFC 6052: an IPv4 address for a NAT64 gateway to call. */
const nat64 = ipaddr.parseCIDR('64:ff9b::/96');
const compatible = ipaddr.parseCIDR('::/96');

/** Single addresses that clouds answer at with credentials and settings of the machine, whatever their range. */
const metadata: ReadonlyMap<string, string> = new Map([
  ['169.254.169.254', 'the metadata service of AWS, Google Cloud, Azure, Oracle, DigitalOcean and others'],
  ['169.254.170.2', 'the credentials of containers on AWS (ECS)'],
  ['169.254.170.23', 'the credentials of pods on AWS (EKS)'],
  ['fd00:ec2::254', 'the metadata service of AWS'],
  ['fd00:ec2::23', 'the credentials of pods on AWS (EKS)'],
  ['fd20:ce::254', 'the metadata service of Google Cloud'],
  ['168.63.129.16', 'the host of a virtual machine on Azure'],
  ['100.100.100.200', 'the metadata service of Alibaba Cloud'],
  ['192.0.0.192', 'the metadata service of Oracle Cloud'],
  ['169.254.0.23', 'the metadata service of Tencent Cloud'],
]);

const reserved = 'reserved (IANA special-purpose registry)';

/** What ipaddr.js calls the ranges that are not public. Those that it does not name here are reserved. */
const ranges: Readonly<Record<string, string>> = {
  unspecified: 'unspecified ("this network", RFC 6890)',
  broadcast: 'the broadcast address',
  multicast: 'multicast',
  linkLocal: 'link-local',
  loopback: 'loopback, this machine itself',
  carrierGradeNat: 'shared behind a provider (CGNAT, RFC 6598)',
  private: 'private (RFC 1918)',
  uniqueLocal: 'unique-local, the private range of IPv6 (RFC 4193)',
  deprecatedSiteLocal: 'site-local, a former private range of IPv6 (RFC 3879)',
  rfc6145: 'an IPv4 address for a translator (RFC 6145)',
  rfc6052: 'NAT64 of a network of its own (RFC 8215)',
  '6to4': 'a 6to4 tunnel to an IPv4 address (RFC 3056)',
  teredo: 'a Teredo tunnel to an IPv4 address (RFC 4380)',
  benchmarking: 'for benchmarks of networks (RFC 5180)',
  discard: 'discarded by routers (RFC 6666)',
};

/** Ranges that ipaddr.js takes for unicast, by their IANA registry or RFC. */
const alsoReserved: readonly (readonly [[Address, number], string])[] = [
  [ipaddr.parseCIDR('2001::/23'), reserved],
  [ipaddr.parseCIDR('3fff::/20'), 'for documents (RFC 9637)'],
];

/** RFC 5214, 6.1: the lower half of an address whose end is an IPv4 address that a tunnel leads to. */
const isIsatap = (address: ipaddr.IPv6): boolean =>
  (address.parts[4] === 0 || address.parts[4] === 0x200) && address.parts[5] === 0x5efe;

const embedded = (address: ipaddr.IPv6): ipaddr.IPv4 => new ipaddr.IPv4(address.toByteArray().slice(12));

const forbidden = (words: string): Reach => ({ kind: 'forbidden', words });

const reachOfSixth = (address: ipaddr.IPv6, range: string): Reach => {
  // Before the ranges: what is wrapped is what is called.
  if (address.isIPv4MappedAddress()) return within(address.toIPv4Address(), 'mapped into IPv6');
  if (address.match(nat64)) return within(embedded(address), 'behind NAT64');
  if (range !== 'unicast')
    return { kind: range === 'loopback' ? 'loopback' : 'forbidden', words: wordsOf(range) };
  if (address.match(compatible)) return forbidden('an IPv4 address in a form that was given up (RFC 4291)');
  if (isIsatap(address)) return forbidden('an ISATAP tunnel to an IPv4 address (RFC 5214)');
  const also = alsoReserved.find(([block]) => address.match(block as [ipaddr.IPv6, number]));
  if (also !== undefined) return forbidden(also[1]);
  return address.match(globalUnicast)
    ? { kind: 'public' }
    : forbidden('outside what is assigned as global unicast');
};

const within = (address: ipaddr.IPv4, how: string): Reach => {
  const reach = reachOfAddress(address);
  return reach.kind === 'public' ? reach : { ...reach, words: `${reach.words}, ${how}` };
};

const wordsOf = (range: string): string => ranges[range] ?? reserved;

const reachOfAddress = (address: Address): Reach => {
  const known = metadata.get(address.toString());
  if (known !== undefined) return forbidden(known);
  const range = address.range();
  if (address instanceof ipaddr.IPv6) return reachOfSixth(address, range);
  if (range === 'unicast') return { kind: 'public' };
  return { kind: range === 'loopback' ? 'loopback' : 'forbidden', words: wordsOf(range) };
};

/**
 * Where `text`, an IP address, leads. Only public unicast addresses are public: no private, link-local (and so no metadata
 * service), unique-local, shared (CGNAT), multicast, reserved or unspecified ones, no tunnels (6to4, Teredo, ISATAP), no local
 * NAT64, and none of these wrapped into IPv6. What cannot be read as an address is forbidden.
 */
export const reachOf = (text: string): Reach =>
  ipaddr.isValid(text) ? reachOfAddress(ipaddr.parse(text)) : forbidden('no address that can be read');
