/**
 * Runs `run` on every item, `atMost` of them at a time, and gives the results in the order of the items.
 * The first error is thrown at once; items not yet begun then are not run.
 */
export const concurrently = async <Item, Result>(
  atMost: number,
  items: readonly Item[],
  run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> => {
  const [only] = items;
  if (only !== undefined && items.length === 1) return [await run(only, 0)];
  const results: Result[] = [];
  const queue = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await run(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atMost, items.length) }, worker));
  return results;
};
