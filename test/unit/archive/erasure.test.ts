import { describe, expect, it } from 'vitest';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { type Erasure, keyHashOf } from '../../../lib/domain/archive/erasures.ts';
import { failing } from '../../harness/failing.ts';
import { at, hour, makeRig } from './rig.ts';

type Rig = Awaited<ReturnType<typeof makeRig>>;

const eager = { ...archiveDefaults, segmentMaxBytes: 1 };
const ref = { topicId: 't1', erasureId: 'e1' };

/** Asks for the erasure of a key's records, that are there now. */
const ask = async (rig: Rig, key: string, erasureId = 'e1'): Promise<void> => {
  const erasure: Erasure = {
    ...ref,
    erasureId,
    topic: 'orders',
    keyHash: keyHashOf(key),
    requestedAt: rig.clock.now(),
    ends: [rig.batches.table.end(at)],
    progress: {},
  };
  await rig.erasures.put(erasure);
};

const progress = async (rig: Rig, erasureId = 'e1') =>
  (await rig.erasures.get({ ...ref, erasureId }))?.progress[0];

const keysLeft = async (rig: Rig): Promise<(string | undefined)[]> => {
  const manifest = await rig.manifest();
  const records = await Promise.all(manifest.map(({ start }) => rig.recordsAt(start)));
  return records.flat().map(({ key }) => key);
};

describe('what is to be erased', () => {
  it('goes from every segment that has it, and from no other record', async () => {
    const rig = await makeRig();
    for (const keys of [['a', 'b'], ['b'], ['c']]) {
      rig.append(...keys.map((key) => ({ key, value: 1 })), { value: 'no key' });
      await rig.archive({ options: eager });
    }
    const before = await rig.manifest();
    await ask(rig, 'b');
    await rig.archive();
    expect(await keysLeft(rig)).toEqual(['a', undefined, undefined, 'c', undefined]);
    expect(await progress(rig)).toEqual({ erased: 2, isDone: true });
    const after = await rig.manifest();
    // One that has nothing of it stays as it is, and what is replaced is gone.
    expect(after[2]).toEqual(before[2]);
    expect(await rig.names()).toEqual(after.map(({ object }) => object).sort());
    expect(after.map(({ start, end }) => [start, end])).toEqual(before.map(({ start, end }) => [start, end]));
  });

  it('is left out of what is archived later, and done when all that was meant is archived', async () => {
    const rig = await makeRig();
    rig.append({ key: 'a', value: 1 });
    await rig.archive({ options: eager });
    rig.append({ key: 'a', value: 2 }, { key: 'b', value: 2 });
    await ask(rig, 'a');
    rig.append({ key: 'a', value: 'of afterwards' });
    await rig.archive();
    expect(await progress(rig)).toEqual({ erased: 1, isDone: false });
    rig.pass(hour);
    await rig.archive();
    expect(await progress(rig)).toEqual({ erased: 2, isDone: true });
    expect(await keysLeft(rig)).toEqual(['b', 'a']);
    // Once it is done nothing is read for it.
    const calls: string[] = [];
    const objects = Object.assign(Object.create(rig.objects) as typeof rig.objects, {
      read: async () => {
        calls.push('read');
        throw new Error('Nothing is to be read.');
      },
    });
    await rig.archive({ objects });
    expect(calls).toEqual([]);
  });

  it('is each by itself where there are several', async () => {
    const rig = await makeRig();
    rig.append({ key: 'a', value: 1 }, { key: 'b', value: 1 }, { key: 'c', value: 1 });
    await rig.archive({ options: eager });
    await ask(rig, 'a', 'e1');
    await ask(rig, 'c', 'e2');
    await ask(rig, 'none', 'e3');
    await rig.archive();
    expect(await keysLeft(rig)).toEqual(['b']);
    expect([await progress(rig, 'e1'), await progress(rig, 'e2'), await progress(rig, 'e3')]).toEqual([
      { erased: 1, isDone: true },
      { erased: 1, isDone: true },
      { erased: 0, isDone: true },
    ]);
  });

  it('goes on where there was no time for all of it', async () => {
    const rig = await makeRig();
    for (let segment = 0; segment < 4; segment += 1) {
      rig.append({ key: 'a', value: segment });
      await rig.archive({ options: eager });
    }
    await ask(rig, 'a');
    let left = 600_000;
    await rig.archive({}, () => (left -= 200_000));
    expect(await progress(rig)).toMatchObject({ isDone: false });
    await rig.archive();
    expect(await progress(rig)).toEqual({ erased: 4, isDone: true });
    expect(await keysLeft(rig)).toEqual([]);
  });
});

it('an erasure may fail at any request: it is not done before all of it is gone', async () => {
  for (const after of [false, true]) {
    for (let failure = 1; ; failure += 1) {
      const rig = await makeRig();
      rig.append({ key: 'a', value: 1 });
      rig.append({ key: 'b', value: 1 });
      await rig.archive({ options: eager });
      rig.append({ key: 'a', value: 2 });
      await ask(rig, 'a');
      rig.pass(hour);
      const { segments, objects, partitions, erasures } = rig.deps;
      const deps = failing({ segments, objects, partitions, erasures }, { request: failure, after });
      const [outcome] = await Promise.allSettled([rig.archive(deps)]);
      if ((await progress(rig))?.isDone === true) expect(await keysLeft(rig)).toEqual(['b']);
      await rig.archive();
      expect(await progress(rig), `failure ${failure}`).toMatchObject({ isDone: true });
      expect(await keysLeft(rig), `failure ${failure}`).toEqual(['b']);
      if (outcome?.status === 'fulfilled') break;
    }
  }
});
