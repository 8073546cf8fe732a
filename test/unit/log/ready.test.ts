import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import type { Place } from '../../../lib/log/read/places.ts';
import type { Reader } from '../../../lib/log/read/reader.ts';
import { partitionsOf, put, readToTheEnds, takeFrom, type World } from './many-partitions.ts';
import { logWorld } from './scripted-store.ts';

const hundred = 100;

/** The partitions that have something, or may have. */
const readyOf = async (world: World, reader: Reader, places: readonly Place[]): Promise<number[]> => {
  const isReady = await world.outcome(reader.ready(places));
  expect(isReady).toHaveLength(places.length);
  return places.flatMap(({ at }, index) => (isReady[index] ? [at.partition] : []));
};

const placeOf = (places: readonly Place[], partition: number): Place => {
  const place = places[partition];
  if (place === undefined) throw new Error(`There is no place ${partition}.`);
  return place;
};

describe('what is ready of many partitions', () => {
  it('is asked of a hundred in one request, though nothing is there', async () => {
    const { world, reader, ends } = await readToTheEnds(hundred);
    expect(await readyOf(world, reader, ends)).toEqual([]);
    expect(world.store.requests).toEqual(['present']);
  });

  it('is asked of 1,024 in eleven requests, some at a time', async () => {
    const { world, reader, ends } = await readToTheEnds(limits.partitionsPerTopic);
    for (const partition of [0, 99, 100, 1_023]) put(world, placeOf(ends, partition).at);
    const startedAt = world.clock.monotonic();
    expect(await readyOf(world, reader, ends)).toEqual([0, 99, 100, 1_023]);
    expect(world.store.requests).toEqual(Array(11).fill('present'));
    expect(world.clock.monotonic() - startedAt).toBeLessThan(20);
  });

  it('costs no request where the process has seen what is behind the place', async () => {
    const { world, reader, ends } = await readToTheEnds(3);
    expect(await readyOf(world, reader, [{ ...placeOf(ends, 2), offset: 2 }])).toEqual([2]);
    expect(world.store.requests).toEqual([]);
  });

  it('is asked again and again for one request each, and found by the next after it came', async () => {
    const { world, reader, ends } = await readToTheEnds(hundred);
    for (let look = 0; look < 5; look += 1) {
      expect(await readyOf(world, reader, ends)).toEqual([]);
      await world.pass(30_000);
    }
    put(world, placeOf(ends, 61).at);
    expect(await readyOf(world, reader, ends)).toEqual([61]);
    expect(world.store.requests).toEqual(Array(6).fill('present'));
    expect((await takeFrom(world, reader, placeOf(ends, 61))).records).toHaveLength(1);
  });

  it('may be there where a process does not know the end, and is known once it has read', async () => {
    const world = logWorld();
    const ats = partitionsOf(3);
    for (const at of ats) put(world, at, 3);
    const reader = world.reader();
    const places = ats.map((at, partition) => ({ at, offset: [0, 2, 3][partition] ?? 0 }));
    expect(await readyOf(world, reader, places)).toEqual([0, 1, 2]);
    expect(world.store.requests).toEqual([]);
    const taken: number[] = [];
    for (const place of places) taken.push((await takeFrom(world, reader, place)).records.length);
    expect(taken).toEqual([3, 1, 0]);
    world.store.requests = [];
    expect(
      await readyOf(
        world,
        reader,
        ats.map((at) => ({ at, offset: 3 })),
      ),
    ).toEqual([]);
    expect(world.store.requests).toEqual(['present']);
  });

  it('may be there past the end that a process knows, as another has read on', async () => {
    const { world, reader, ends } = await readToTheEnds(2);
    const { at, offset } = placeOf(ends, 1);
    put(world, at, 5);
    put(world, at, 5);
    // In the midst of a batch: none begins there.
    const place = { at, offset: offset + 3 };
    expect(await readyOf(world, reader, [place])).toEqual([1]);
    expect((await takeFrom(world, reader, place)).records).toHaveLength(7);
  });

  it('is found by a later look where an eventually consistent read missed it', async () => {
    const lateMs = 300;
    const late = logWorld({ missed: (storedAt, now) => now - storedAt < lateMs });
    const { world, reader, ends } = await readToTheEnds(4, late);
    // What was put just now is missed by the reads above, too: they found nothing at all.
    await world.pass(lateMs);
    const known: Place[] = [];
    for (const { at } of ends)
      known.push({ at, offset: (await takeFrom(world, reader, { at, offset: 0 })).next });
    put(world, placeOf(known, 3).at);
    expect(await readyOf(world, reader, known)).toEqual([]);
    await world.pass(lateMs);
    expect(await readyOf(world, reader, known)).toEqual([3]);
    expect((await takeFrom(world, reader, placeOf(known, 3))).records).toHaveLength(1);
  });

  it('is not missed though what began there is gone, with what would show it', async () => {
    const { world, reader, ends } = await readToTheEnds(3);
    const place = placeOf(ends, 2);
    for (let batch = 0; batch < 3; batch += 1) put(world, place.at, 2);
    await world.pass(limits.trimMinAgeMs);
    await world.partitions.advance(place.at, 'startOffset', 8);
    world.store.table.delete(place.at, [0, 2, 4, 6]);
    expect(await readyOf(world, reader, [place])).toEqual([2]);
    await expect(takeFrom(world, reader, place)).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { members: { startOffset: 8, endOffset: 10 } },
    });
  });

  it('may be where the store found too much to speak of it, and is not where it found nothing', async () => {
    const { world, reader, ends } = await readToTheEnds(4);
    world.store.present = async () => [false, true, undefined, false];
    expect(await readyOf(world, reader, ends)).toEqual([1, 2]);
    world.store.present = async () => [false, undefined, undefined, false];
    for (let look = 0; look < 3; look += 1) {
      expect(await readyOf(world, reader, ends)).toEqual([]);
      await world.pass(25_000);
    }
    // Not for ever: it is read in the end.
    expect(await readyOf(world, reader, ends)).toEqual([1, 2]);
  });

  it('is asked again where the store does not answer, and refused as unavailable in the end', async () => {
    const { world, reader, ends } = await readToTheEnds(2);
    world.store.readFailure = new Error('No route.');
    const asking = reader.ready(ends);
    await world.pass(50);
    world.store.readFailure = undefined;
    expect(await world.outcome(asking)).toEqual([false, false]);
    world.store.readFailure = new Error('No route.');
    await expect(world.outcome(reader.ready(ends))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is nothing of no partition, for no request', async () => {
    const world = logWorld();
    expect(await readyOf(world, world.reader(), [])).toEqual([]);
    expect(world.store.requests).toEqual([]);
  });
});
