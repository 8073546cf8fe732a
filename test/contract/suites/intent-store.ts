import { describe, expect, test } from 'vitest';
import type { Intent, IntentRef } from '../../../lib/stores/intents.ts';
import type { Stores } from '../implementations.ts';

const now = 1_700_000_000_000;
const later = now + 86_400_000;
const ref: IntentRef = { topicId: 't', partition: 3, key: 'kkkkkkkkkkkkkkkkkkkkkk' };
const intent: Intent = { slot: 7, attempt: 'first', digest: 'dddddddddddddddddddddd', expiresAt: later };

export const describeIntentStore = (open: () => Promise<Stores>): void => {
  describe('an intent', () => {
    test('that is begun stands for whoever begins after it', async () => {
      const { intents } = await open();
      expect(await intents.find(ref)).toBeUndefined();
      expect(await intents.begin(ref, intent, now)).toStrictEqual(intent);
      expect(await intents.find(ref)).toStrictEqual(intent);
      expect(await intents.begin(ref, { ...intent, attempt: 'second', slot: 9 }, now)).toStrictEqual(intent);
      expect(await intents.begin(ref, intent, now)).toStrictEqual(intent);
    });

    test('is of its key and its partition alone', async () => {
      const { intents } = await open();
      await intents.begin(ref, intent, now);
      const second = { ...intent, attempt: 'second' };
      for (const other of [
        { ...ref, key: 'llllllllllllllllllllll' },
        { ...ref, partition: 4 },
        { ...ref, topicId: 'u' },
      ])
        expect(await intents.begin(other, second, now)).toStrictEqual(second);
    });

    test('of several that begin at once one stands, and all are told which', async () => {
      const { intents } = await open();
      const attempts = ['a', 'b', 'c', 'd'];
      const told = await Promise.all(
        attempts.map((attempt) => intents.begin(ref, { ...intent, attempt }, now)),
      );
      expect(new Set(told.map(({ attempt }) => attempt)).size).toBe(1);
    });

    test('that has expired makes room for another', async () => {
      const { intents } = await open();
      await intents.begin(ref, intent, now);
      const second = { ...intent, attempt: 'second', expiresAt: later + 1000 };
      expect(await intents.begin(ref, second, later - 1)).toStrictEqual(intent);
      expect(await intents.begin(ref, second, later)).toStrictEqual(second);
    });

    test('is moved by its attempt, and never back', async () => {
      const { intents } = await open();
      await intents.begin(ref, intent, now);
      const to = { attempt: 'first', slot: 9, expiresAt: later + 5 };
      expect(await intents.move(ref, to)).toBe(true);
      expect(await intents.move(ref, to)).toBe(true);
      expect(await intents.move(ref, { ...to, slot: 8 })).toBe(false);
      expect(await intents.move(ref, { ...to, slot: 10, attempt: 'second' })).toBe(false);
      expect(await intents.move({ ...ref, partition: 4 }, to)).toBe(false);
      expect(await intents.begin(ref, { ...intent, attempt: 'third' }, now)).toStrictEqual({
        ...intent,
        slot: 9,
        expiresAt: later + 5,
      });
    });

    test('that is taken over answers with where it is by then, and is not moved by the attempt before', async () => {
      const { intents } = await open();
      await intents.begin(ref, intent, now);
      await intents.move(ref, { attempt: 'first', slot: 9, expiresAt: later });
      const from = { attempt: 'first', by: 'second', expiresAt: later + 9 };
      const taken = { ...intent, slot: 9, attempt: 'second', expiresAt: later + 9 };
      expect(await intents.takeOver(ref, from)).toStrictEqual(taken);
      expect(await intents.takeOver(ref, from)).toStrictEqual(taken);
      expect(await intents.move(ref, { attempt: 'first', slot: 10, expiresAt: later })).toBe(false);
      expect(await intents.takeOver(ref, { ...from, by: 'third' })).toBeUndefined();
      expect(await intents.move(ref, { attempt: 'second', slot: 10, expiresAt: later })).toBe(true);
    });

    test('that is not there is neither moved nor taken over', async () => {
      const { intents } = await open();
      expect(await intents.move(ref, { attempt: 'first', slot: 9, expiresAt: later })).toBe(false);
      expect(
        await intents.takeOver(ref, { attempt: 'first', by: 'second', expiresAt: later }),
      ).toBeUndefined();
    });

    test('is not changed by copies of earlier writes that land late', async () => {
      const { intents, landCopies } = await open();
      await intents.begin(ref, intent, now);
      await intents.move(ref, { attempt: 'first', slot: 8, expiresAt: later });
      await intents.takeOver(ref, { attempt: 'first', by: 'second', expiresAt: later });
      await intents.move(ref, { attempt: 'second', slot: 9, expiresAt: later });
      await intents.takeOver(ref, { attempt: 'second', by: 'third', expiresAt: later });
      await landCopies();
      const standing = await intents.begin(ref, { ...intent, attempt: 'fourth' }, now);
      expect(standing).toStrictEqual({ ...intent, slot: 9, attempt: 'third' });
    });
  });
};
