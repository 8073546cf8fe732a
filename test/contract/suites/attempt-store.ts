import { describe, expect, test } from 'vitest';
import { concurrently } from '../../../lib/domain/concurrently.ts';
import { attemptOutcomes, type LoggedAttempt } from '../../../lib/domain/delivery/attempts.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { AttemptPage, AttemptQuery, AttemptStore } from '../../../lib/stores/attempts.ts';
import type { Stores } from '../implementations.ts';

const attempt = (attemptId: string, at: number, more: Partial<LoggedAttempt> = {}): LoggedAttempt => ({
  attemptId,
  at,
  partition: 3,
  endpointId: 'e1',
  messageId: 'g-3-10-12',
  from: 10,
  to: 12,
  records: 2,
  attempt: 1,
  outcome: 'outage',
  ms: 12.5,
  reason: 'It did not answer within 15 s.',
  request: 'webhook-id: g-3-10-12',
  ...more,
});

const all = { outcomes: attemptOutcomes, from: 0, limit: 100 };

const putAll = async (attempts: AttemptStore, each: readonly LoggedAttempt[]): Promise<void> => {
  for (const one of each) await attempts.put('g', one);
};

const idsOf = ({ attempts }: AttemptPage): readonly string[] => attempts.map(({ attemptId }) => attemptId);

/** The ids of every page, page by page. */
const pagesOf = async (
  attempts: AttemptStore,
  query: AttemptQuery,
): Promise<readonly (readonly string[])[]> => {
  const pages: (readonly string[])[] = [];
  for (let before = query.before; ; ) {
    const page = await attempts.list('g', { ...query, ...(before !== undefined && { before }) });
    pages.push(idsOf(page));
    if (page.next === undefined) return pages;
    before = page.next;
  }
};

export const describeAttemptStore = (open: () => Promise<Stores>): void => {
  describe('the attempt log', () => {
    test('gives an attempt as it was put, of its group alone', async () => {
      const { attempts } = await open();
      const whole = attempt('a', 1_700_000_000_000, { status: 503, answer: 'no "room"\n', omitted: 7 });
      await attempts.put('g', whole);
      expect(await attempts.list('g', all)).toStrictEqual({ attempts: [whole] });
      for (const other of ['g2', 'g/outage', 'G', ''])
        expect((await attempts.list(other, all)).attempts).toEqual([]);
    });

    test('lists the newest first, whatever came of them, and those of one time by id', async () => {
      const { attempts } = await open();
      await putAll(attempts, [
        attempt('a', 5),
        attempt('c', 7, { outcome: 'refusal' }),
        attempt('b', 7, { outcome: 'acknowledged' }),
        attempt('B', 7),
        attempt('d', 1_700_000_000_000),
      ]);
      expect(idsOf(await attempts.list('g', all))).toEqual(['d', 'c', 'b', 'B', 'a']);
    });

    test('keeps one that comes twice once, and as it came first', async () => {
      const { attempts, landCopies } = await open();
      await attempts.put('g', attempt('a', 5));
      await attempts.put('g', attempt('a', 5));
      await landCopies();
      expect(await attempts.list('g', all)).toStrictEqual({ attempts: [attempt('a', 5)] });
    });

    test('finds by outcome, by endpoint and by time, of which the end is exclusive', async () => {
      const { attempts } = await open();
      await putAll(attempts, [
        attempt('a', 10, { outcome: 'acknowledged' }),
        attempt('b', 20, { endpointId: 'e2' }),
        attempt('c', 30),
        attempt('d', 40, { outcome: 'refusal' }),
      ]);
      const found = async (more: Partial<AttemptQuery>) =>
        idsOf(await attempts.list('g', { ...all, ...more }));
      expect(await found({ outcomes: ['outage'] })).toEqual(['c', 'b']);
      expect(await found({ outcomes: ['outage', 'refusal', 'outage'] })).toEqual(['d', 'c', 'b']);
      expect(await found({ endpointId: 'e2' })).toEqual(['b']);
      expect(await found({ endpointId: 'e3' })).toEqual([]);
      expect(await found({ endpointId: 'e1', outcomes: ['refusal'] })).toEqual(['d']);
      expect(await found({ from: 20, to: 40 })).toEqual(['c', 'b']);
      expect(await found({ from: 21, to: 30 })).toEqual([]);
      expect(await found({ from: 50, to: 40 })).toEqual([]);
      expect(await found({ from: 40, to: 40 })).toEqual([]);
      expect(await found({ from: 41, before: { at: 40, attemptId: 'd' } })).toEqual([]);
    });

    test('gives page by page all there is, each once', async () => {
      const { attempts } = await open();
      const outcomeOf = (number: number) => attemptOutcomes[number % 3] ?? 'outage';
      // Three of each time.
      const many = Array.from({ length: 25 }, (_, number) =>
        attempt(`a-${10 + number}`, Math.floor(number / 3), { outcome: outcomeOf(number) }),
      );
      await putAll(attempts, many);
      const newest = many.map(({ attemptId }) => attemptId).toReversed();
      for (const limit of [1, 4, 24, 25, 26]) {
        const pages = await pagesOf(attempts, { ...all, limit });
        expect(pages.flat()).toEqual(newest);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }
      const ofOne = await pagesOf(attempts, { ...all, outcomes: ['refusal'], limit: 3 });
      expect(ofOne.flat()).toEqual(newest.filter((_, index) => index % 3 === 2));
    });

    test('finds the one of an endpoint behind more of others than are looked at in one request', async () => {
      const { attempts } = await open();
      const numbers = Array.from({ length: limits.attemptsLookedAt + 20 }, (_, number) => number);
      await concurrently(20, numbers, (number) => attempts.put('g', attempt(`a-${number}`, 100 + number)));
      const sought = [
        attempt('old', 5, { endpointId: 'e2' }),
        attempt('older', 4, { endpointId: 'e2', outcome: 'refusal' }),
      ];
      await putAll(attempts, sought);
      const pages = await pagesOf(attempts, { ...all, endpointId: 'e2' });
      expect(pages.flat()).toEqual(['old', 'older']);
      expect(pages.length).toBeLessThan(4);
    });

    test('cannot be changed by what was given in', async () => {
      const { attempts } = await open();
      const given = { ...attempt('a', 5) };
      await attempts.put('g', given);
      given.at = 99;
      expect(await attempts.list('g', all)).toStrictEqual({ attempts: [attempt('a', 5)] });
    });
  });
};
