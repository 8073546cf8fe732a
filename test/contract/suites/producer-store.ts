import { describe, expect, test } from 'vitest';
import type { ProducerState } from '../../../lib/domain/idempotency/producers.ts';
import type { Stores } from '../implementations.ts';

const at = { topicId: 't', partition: 3 };
const producer = (epoch: number, sequence: number): ProducerState => ({
  id: 'pppppppppppppppppppppA',
  epoch,
  sequence,
  recent: [{ base: sequence * 10, appendedAt: 1_700_000_000_000, digest: '00ff00ff' }],
});

export const describeProducerStore = (open: () => Promise<Stores>): void => {
  describe('a parked producer', () => {
    test('is found as it was parked, in its partition alone', async () => {
      const { producers } = await open();
      const { id } = producer(1, 5);
      expect(await producers.get(at, id)).toBeUndefined();
      await producers.park(at, producer(1, 5), Date.now());
      expect(await producers.get(at, id)).toStrictEqual(producer(1, 5));
      expect(await producers.get({ ...at, partition: 4 }, id)).toBeUndefined();
      expect(await producers.get(at, 'qqqqqqqqqqqqqqqqqqqqqA')).toBeUndefined();
    });

    test('never goes back', async () => {
      const { producers, landCopies } = await open();
      const { id } = producer(1, 5);
      for (const [epoch, sequence] of [
        [1, 5],
        [1, 4],
        [2, 0],
        [1, 9],
      ] as const)
        await producers.park(at, producer(epoch, sequence), Date.now());
      expect(await producers.get(at, id)).toStrictEqual(producer(2, 0));
      await landCopies();
      expect(await producers.get(at, id)).toStrictEqual(producer(2, 0));
    });

    test('is forgotten after a month', async () => {
      const { producers } = await open();
      await producers.park(at, producer(1, 5), Date.now() - 31 * 86_400_000);
      expect(await producers.get(at, producer(1, 5).id)).toBeUndefined();
    });
  });
};
