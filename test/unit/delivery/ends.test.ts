import { expect, it } from 'vitest';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';

/** Partitions of one topic that end there, and from where each read of their ends looks. */
const logOf = (ends: number[]) => {
  const looked: [partition: number, from: number][] = [];
  const batches = {
    end: async ({ partition }: { partition: number }, { from }: { from: number }) => {
      looked.push([partition, from]);
      return Math.max(from, ends[partition] ?? 0);
    },
  };
  return { batches, looked };
};

const round = async (ends: PartitionEnds, partitions: number): Promise<number[]> => {
  const found: number[] = [];
  for (let partition = 0; partition < partitions; partition += 1)
    found.push(await ends.read({ topicId: 't', partition }));
  return found;
};

it('looks for an end from where it was last time', async () => {
  const written = [10, 20];
  const { batches, looked } = logOf(written);
  const ends = new PartitionEnds(batches);
  expect(await round(ends, 2)).toEqual([10, 20]);
  written[1] = 25;
  expect(await round(ends, 2)).toEqual([10, 25]);
  expect(await round(ends, 2)).toEqual([10, 25]);
  expect(looked.slice(2).map(([, from]) => from)).toEqual([10, 20, 10, 25]);
});

it('reads one partition too many from its start, and not all of them for that, round after round', async () => {
  const written = Array.from({ length: 11 }, (_, partition) => 100 + partition);
  const { batches, looked } = logOf(written);
  const ends = new PartitionEnds(batches, 10);
  await round(ends, 11);
  for (let again = 0; again < 3; again += 1) {
    looked.length = 0;
    written[0] = 200 + again;
    expect(await round(ends, 11)).toEqual(written);
    expect(looked.filter(([, from]) => from === 0).map(([partition]) => partition)).toEqual([10]);
  }
});
