import { describe, expect, it } from 'vitest';
import { UndecodableBatchError } from '../../../lib/domain/errors.ts';
import { groupRef, makeRig, offsetsOf } from './rig.ts';

/** Two records, then two that no version can decode, then one. */
const broken = async (batchSize = 100) => {
  const made = await makeRig({ delivery: { batchSize } });
  const at = { topicId: groupRef.topicId, partition: 0 };
  made.append({ value: 0 }, { value: 1 });
  const [first] = made.batches.table.batches(at);
  if (first === undefined) throw new Error('Nothing was appended.');
  const now = made.clock.now();
  made.batches.table.put(at, { ...first, base: 2, data: Uint8Array.of(9) }, now, now);
  made.append({ value: 4 });
  return made;
};

const undecodable = { cause: expect.any(UndecodableBatchError), leaseMs: 0 };

describe('a batch that cannot be decoded', () => {
  it.each([1, 2, 100])(
    'holds up what follows it, and nothing before it (messages of %i)',
    async (batchSize) => {
      const { deliver, sent, cursor } = await broken(batchSize);
      await expect(deliver()).rejects.toMatchObject(undecodable);
      expect(sent.flatMap(offsetsOf)).toEqual([0, 1]);
      expect(await cursor()).toMatchObject({ committed: 2, leaseUntil: 0 });
      // Again and again, as the queue does: what was acknowledged is not sent again.
      await expect(deliver()).rejects.toMatchObject(undecodable);
      await expect(deliver({ kind: 'continue' })).rejects.toMatchObject(undecodable);
      expect(sent.flatMap(offsetsOf)).toEqual([0, 1]);
    },
  );

  it('is told each time that it stops somebody: where it is and why, and nothing of its records', async () => {
    const { deliver, events, pass } = await broken();
    await expect(deliver({ requestId: 'r1' })).rejects.toThrow();
    pass(60_000);
    await expect(deliver()).rejects.toThrow();
    const told = {
      kind: 'undecodable-batch',
      topic: 'orders',
      topicId: 't1',
      group: 'billing',
      partition: 0,
      base: 2,
      end: 4,
      reason:
        'The batch at 2 of partition 0 cannot be decoded. It is in a format that this version cannot read (9).',
    };
    expect(events.filter(({ kind }) => kind === 'undecodable-batch')).toEqual([
      { ...told, requestId: 'r1' },
      told,
    ]);
  });
});
