import { describe, expect, test } from 'vitest';
import type { Stores } from '../implementations.ts';

export const describeSweepPlaceStore = (open: () => Promise<Stores>): void => {
  describe('the place of the sweep', () => {
    test('is nowhere at first, and then where it was set last, with nothing left of before', async () => {
      const { sweepPlaces } = await open();
      expect(await sweepPlaces.get()).toStrictEqual({});
      const whole = { topic: 'orders', topicRemoval: 't1', groupRemoval: 'g1', turn: 'group' } as const;
      await sweepPlaces.set(whole);
      expect(await sweepPlaces.get()).toStrictEqual(whole);
      await sweepPlaces.set({ topic: 'payments' });
      expect(await sweepPlaces.get()).toStrictEqual({ topic: 'payments' });
    });
  });
};
