import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionForKey, StickyPartition } from '../../../lib/domain/records/partitioning.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const require = createRequire(import.meta.url);
/** What a Kafka client in the field does; not typed, and not exported by its package's own index. */
const kafkaMurmur2 = require('kafkajs/src/producer/partitioners/default/murmur2') as (key: Buffer) => number;
const { Partitioners } = require('kafkajs') as typeof import('kafkajs');

describe('murmur2', () => {
  it('gives what a Kafka client gives, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(murmur2(bytes)).toBe(kafkaMurmur2(Buffer.from(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks only at its own bytes of a larger buffer', () => {
    const whole = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
    expect(murmur2(whole.subarray(3, 18))).toBe(murmur2(whole.slice(3, 18)));
  });
});

describe('the partition of a key', () => {
  it("is where Kafka's default partitioner puts it, for any text", () => {
    const kafka = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (key, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          leader: 1,
          partitionErrorCode: 0,
          replicas: [],
          isr: [],
        }));
        const expected = kafka({ topic: 'orders', partitionMetadata, message: { key, value: null } });
        expect(partitionForKey(key, partitions)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('records without a key', () => {
  const sticky = (): { partition: StickyPartition; wait: (ms: number) => void } => {
    let now = 0;
    const partition = new StickyPartition({ clock: { now: () => now }, random: seededRandom(1) });
    return {
      partition,
      wait: (ms) => {
        now += ms;
      },
    };
  };

  it('stay with one partition for a while', () => {
    const { partition, wait } = sticky();
    const first = partition.next('t', 16);
    wait(5_000);
    expect(partition.next('t', 16)).toBe(first);
  });

  it('come to every partition in time, never to the same twice in a row', () => {
    const { partition, wait } = sticky();
    const seen = Array.from({ length: 400 }, () => {
      wait(10_000);
      return partition.next('t', 5);
    });
    expect(new Set(seen)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(seen.filter((chosen, index) => chosen === seen[index - 1])).toEqual([]);
  });

  it('of two processes go to different partitions, mostly', () => {
    const starts = Array.from({ length: 100 }, (_, seed) =>
      new StickyPartition({ clock: { now: () => 0 }, random: seededRandom(seed) }).next('t', 100),
    );
    expect(new Set(starts).size).toBeGreaterThan(50);
  });

  it('stay within a topic of one partition', () => {
    const { partition, wait } = sticky();
    expect(partition.next('t', 1)).toBe(0);
    wait(10_000);
    expect(partition.next('t', 1)).toBe(0);
  });
});
