import { dropOldest } from '../drop-oldest.ts';

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

const mixed = (word: number): number => {
  const product = Math.imul(word, multiplier);
  return Math.imul(product ^ (product >>> 24), multiplier);
};

/**
 * MurmurHash2 of 32 bits (Austin Appleby) with the seed of Kafka's default partitioner, as a signed integer.
 */
export const murmur2 = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wholeWords = bytes.length & ~3;
  let hash = seed ^ bytes.length;
  for (let at = 0; at < wholeWords; at += 4)
    hash = Math.imul(hash, multiplier) ^ mixed(view.getInt32(at, true));
  if (wholeWords < bytes.length) {
    for (let at = bytes.length - 1; at >= wholeWords; at -= 1)
      hash ^= view.getUint8(at) << (8 * (at - wholeWords));
    hash = Math.imul(hash, multiplier);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
};

/** The partition of a key, in [0, partitions): where Kafka's default partitioner puts the key's UTF-8 bytes. */
export const partitionForKey = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;

/** How long records without a key stay with one partition. */
const rotateAfterMs = 10_000;

/** Topics whose choice is remembered at most: a process that serves more loses nothing but some stickiness. */
const rememberedTopics = 1000;

/**
 * Where this process sends records that have no key: one partition of a topic for a while, then another, so that the
 * processes that write to a topic keep out of each other's way.
 */
export class StickyPartition {
  readonly #clock: { now(): number };
  readonly #random: { number(): number };
  readonly #chosen = new Map<string, { readonly partition: number; readonly since: number }>();

  constructor(deps: { readonly clock: { now(): number }; readonly random: { number(): number } }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** The partition for now, in [0, partitions). */
  next(topicId: string, partitions: number): number {
    const now = this.#clock.now();
    const current = this.#chosen.get(topicId);
    if (current !== undefined && current.partition < partitions && now - current.since < rotateAfterMs)
      return current.partition;
    const partition = this.#other(current?.partition, partitions);
    this.#chosen.delete(topicId);
    this.#chosen.set(topicId, { partition, since: now });
    dropOldest(this.#chosen, rememberedTopics);
    return partition;
  }

  /** Any partition but the one before, each as likely. */
  #other(before: number | undefined, partitions: number): number {
    if (before === undefined || before >= partitions || partitions === 1)
      return Math.floor(this.#random.number() * partitions);
    const step = 1 + Math.floor(this.#random.number() * (partitions - 1));
    return (before + step) % partitions;
  }
}
