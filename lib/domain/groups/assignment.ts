import { murmur2 } from '../records/partitioning.ts';

/** Mixes the bits of a whole number of 32 bits: the finalizer of MurmurHash3 (github.com/aappleby/smhasher, MurmurHash3.cpp, `fmix32`). */
const mixed = (value: number): number => {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
};

/** How much a partition wants a member: a whole number of 32 bits, unlike for each pair. */
const weight = (memberHash: number, partition: number): number => mixed(memberHash ^ mixed(partition + 1));

/**
 * Whose each partition is, by number: rendezvous hashing with bounded load. Partitions in order of number, each to the member of the
 * highest weight that has fewer than ⌈partitions / members⌉ by then. All who see the same members, in whatever order, come to the
 * same; so the names, the hash and the order are fixed for ever. When a member comes or goes about one partition in as many as there
 * are members moves, and for the bound up to about as many again of others where each has several. Where there are about as many
 * members as partitions, some have none. Takes some 12 ns for each pair of a partition and a member.
 * Rendezvous: Thaler and Ravishankar, 1998; bounded loads: Mirrokni, Thorup and Zadimoghaddam, 2018.
 * @returns none where there are no members.
 */
export const assign = (partitions: number, members: readonly string[]): readonly string[] => {
  if (members.length === 0) return [];
  const sorted = [...members].sort();
  const hashes = sorted.map((name) => murmur2(Buffer.from(name)));
  const most = Math.ceil(partitions / sorted.length);
  const counts = new Array<number>(sorted.length).fill(0);
  return Array.from({ length: partitions }, (_none, partition) => {
    let [best, bestWeight] = [-1, -1];
    for (const [index, hash] of hashes.entries()) {
      if ((counts[index] ?? 0) >= most) continue;
      const each = weight(hash, partition);
      // Of equal weights the first by name.
      if (each > bestWeight) [best, bestWeight] = [index, each];
    }
    counts[best] = (counts[best] ?? 0) + 1;
    return sorted[best] ?? '';
  });
};
