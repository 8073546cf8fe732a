import { expect, it } from 'vitest';
import { batchesInTurns, takingTurns } from '../../../lib/local/turns.ts';
import { MemoryBatchStore } from '../../../lib/stores/memory/batches.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { anyTime } from '../../contract/windows.ts';

const at = { topicId: 't', partition: 0 };

it('lets others have their turn once it has worked for some ms, and not before', async () => {
  let now = 0;
  const turn = takingTurns({ monotonic: () => now });
  let others = 0;
  const count = (): void => {
    others += 1;
    setImmediate(count);
  };
  setImmediate(count);
  now = 4;
  await turn();
  expect(others).toBe(0);
  now = 5;
  await turn();
  expect(others).toBe(1);
  now = 9;
  await turn();
  expect(others).toBe(1);
});

it('gives batches a few at a time, and says that there are more', async () => {
  const batches = new MemoryBatchStore(systemClock);
  for (let base = 0; base < 6; base += 1) {
    const batch = { base, count: 1, data: new Uint8Array(1), writeId: new Uint8Array(8), bytesBefore: base };
    await batches.putIfAbsent(at, { ...batch, appendedAt: 0 }, anyTime);
  }
  const inTurns = batchesInTurns(batches, async () => undefined);
  const first = await inTurns.range(at, { from: 0, limit: 100, consistent: true });
  expect(first.batches.map(({ base }) => base)).toEqual([0, 1, 2, 3]);
  expect(first.more).toBe(true);
  const rest = await inTurns.range(at, { from: 4, limit: 100, consistent: true });
  expect(rest.batches.map(({ base }) => base)).toEqual([4, 5]);
  expect(rest.more).toBe(false);
});
