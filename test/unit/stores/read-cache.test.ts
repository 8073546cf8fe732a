import { describe, expect, test } from 'vitest';
import { ReadCache } from '../../../lib/stores/read-cache.ts';

/** A cache of ten seconds and three entries, over a store whose answers count up. */
const counting = (options: { readonly shares?: boolean } = {}) => {
  let now = 1_000_000;
  let wallAhead = 0;
  let asked = 0;
  const cache = new ReadCache<number>({
    clock: { now: () => now + wallAhead, monotonic: () => now, sleep: () => Promise.resolve() },
    maxAgeMs: (value) => (value < 0 ? 0 : 10_000),
    maxEntries: 3,
    ...options,
  });
  return {
    cache,
    get: (key: string) => cache.get(key, async () => ++asked),
    pass: (ms: number) => {
      now += ms;
    },
    putBack: (ms: number) => {
      wallAhead -= ms;
    },
  };
};

/** A question whose answer comes when it is told to. */
const pending = () => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  return { ask: () => promise, resolve, reject };
};

describe('an answer', () => {
  test('is remembered for its time, and asked for again afterwards', async () => {
    const { get, pass } = counting();
    expect([await get('a'), await get('a')]).toEqual([1, 1]);
    pass(9_999);
    expect(await get('a')).toBe(1);
    pass(1);
    expect(await get('a')).toBe(2);
  });

  test('is as old as its question', async () => {
    const { cache, get, pass } = counting();
    const { ask, resolve } = pending();
    const answer = cache.get('a', ask);
    pass(10_000);
    resolve(7);
    expect(await answer).toBe(7);
    expect(await get('a')).toBe(1);
  });

  test('from the future is not believed, when the clock went back', async () => {
    const { get, pass } = counting();
    await get('a');
    pass(-1);
    expect(await get('a')).toBe(2);
  });

  test('is as old as the monotonic clock says, where the wall clock was put back meanwhile', async () => {
    const { get, pass, putBack } = counting();
    await get('a');
    pass(9_999);
    putBack(9_000);
    expect(await get('a')).toBe(1);
    pass(1);
    expect(await get('a')).toBe(2);
  });

  test('that is good for no time is not remembered', async () => {
    const { cache, get } = counting();
    expect(await cache.get('a', async () => -1)).toBe(-1);
    expect(await get('a')).toBe(1);
  });

  test('is shared by those who ask while it is on its way', async () => {
    const { get } = counting();
    expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual([1, 1, 2]);
  });

  test('that is an error reaches those who asked, and nobody later', async () => {
    const { cache, get } = counting();
    const { ask, reject } = pending();
    const both = [cache.get('a', ask), get('a')];
    reject(new Error('no answer'));
    for (const one of both) await expect(one).rejects.toThrow('no answer');
    expect(await get('a')).toBe(1);
  });
});

describe('an answer of a cache that shares none', () => {
  test('is for the one who asked, and the newest is remembered', async () => {
    const { cache, get } = counting({ shares: false });
    const { ask, resolve } = pending();
    const before = cache.get('a', ask);
    expect(await get('a')).toBe(1);
    resolve(99);
    expect([await before, await get('a')]).toEqual([99, 1]);
  });
});

describe('a key', () => {
  test('that is forgotten is asked for again', async () => {
    const { cache, get } = counting();
    await get('a');
    cache.forget('a');
    expect(await get('a')).toBe(2);
  });

  test('that is forgotten while it is asked for is not remembered from the answer', async () => {
    const { cache, get } = counting();
    const { ask, resolve } = pending();
    const stale = cache.get('a', ask);
    cache.forget('a');
    const fresh = get('a');
    resolve(99);
    expect([await stale, await fresh, await get('a')]).toEqual([99, 1, 1]);
  });

  test('that is set while it is asked for keeps what it was set to', async () => {
    const { cache, get } = counting();
    const { ask, resolve } = pending();
    const stale = cache.get('a', ask);
    cache.set('a', 50);
    resolve(99);
    await stale;
    expect(await get('a')).toBe(50);
  });

  test('makes place for others when it was not asked for the longest', async () => {
    const { get } = counting();
    for (const key of ['a', 'b', 'c', 'a', 'd']) await get(key);
    expect([await get('a'), await get('d'), await get('c')]).toEqual([1, 4, 3]);
    expect(await get('b')).toBe(5);
  });
});
