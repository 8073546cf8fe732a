import { expect, test } from 'vitest';
import { concurrently } from '../../../lib/domain/concurrently.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

test('results come in the order of the items, whichever is done first', async () => {
  const done: number[] = [];
  const results = await concurrently(3, [5, 1, 3, 2], async (item, index) => {
    await turns(item * 5);
    done.push(item);
    return `${index}:${item}`;
  });
  expect(results).toEqual(['0:5', '1:1', '2:3', '3:2']);
  expect(done).not.toEqual([5, 1, 3, 2]);
});

test('no more run at a time than may, and as many as may', async () => {
  let running = 0;
  let most = 0;
  await concurrently(4, Array.from({ length: 20 }), async () => {
    running += 1;
    most = Math.max(most, running);
    await turns(3);
    running -= 1;
  });
  expect(most).toBe(4);
});

test('an error is thrown, and what had not begun is not begun', async () => {
  const begun: number[] = [];
  const run = async (item: number): Promise<void> => {
    begun.push(item);
    await turns(2);
    if (item === 1) throw new Error('one failed');
  };
  await expect(concurrently(2, [0, 1, 2, 3, 4, 5], run)).rejects.toThrow('one failed');
  await turns(50);
  expect(begun.length).toBeLessThan(6);
});

test('of nothing comes nothing', async () => {
  expect(await concurrently(4, [], () => Promise.reject(new Error('not called')))).toEqual([]);
});
