import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import { Arrivals } from '../../../lib/log/read/arrivals.ts';
import type { Fetched, FetchRequest, Reader } from '../../../lib/log/read/reader.ts';
import { at, logWorld } from './scripted-store.ts';

type World = ReturnType<typeof logWorld>;

const poll: FetchRequest = { offset: 0, maxRecords: 10, maxBytes: 10_000, waitMs: 20_000 };

/** Puts a batch of one record there, as another writer would, and announces it. */
const arrive = (world: World, arrivals: Arrivals): void => {
  const now = world.clock.now();
  const base = world.store.table.end(at);
  const data = encodeRecords([{ valueJson: jsonText(base) }]);
  const batch = { base, count: 1, data, writeId: new Uint8Array(8), appendedAt: now, bytesBefore: 0 };
  world.store.table.put(at, batch, now, now);
  arrivals.announce(at);
};

const looks = (world: World): number =>
  world.store.count('strong range') + world.store.count('eventual range');

const many = (reader: Reader, request: FetchRequest = poll): Promise<Fetched[]> =>
  Promise.all(Array.from({ length: 200 }, () => reader.fetch(at, request)));

describe('two hundred who wait for one partition, in a process that all writes go through,', () => {
  it('look once, and not again before something arrives', async () => {
    const world = logWorld();
    const arrivals = new Arrivals({ complete: true });
    const fetching = many(world.reader(arrivals));
    await world.pass(15_000);
    expect(looks(world)).toBe(1);
    world.store.requests = [];
    arrive(world, arrivals);
    const fetched = await world.outcome(fetching);
    expect(fetched.map(({ nextOffset }) => nextOffset)).toEqual(fetched.map(() => 1));
    expect(world.store.requests).toEqual(['strong range 0']);
  });

  it('leave the store to another request beside them', async () => {
    const world = logWorld();
    const arrivals = new Arrivals({ complete: true });
    arrive(world, arrivals);
    const reader = world.reader(arrivals);
    const fetching = many(reader, { ...poll, offset: 1 });
    await world.pass(5_000);
    world.store.requests = [];
    const beside = reader.fetch(at, { ...poll, waitMs: 0 });
    await world.pass(10_000);
    expect((await beside).records).toHaveLength(1);
    // Its own look, and where the partition ends, which was seen too long ago.
    expect(world.store.requests.length).toBeLessThanOrEqual(2);
    expect((await world.outcome(fetching)).flatMap(({ records }) => records)).toEqual([]);
  });

  it('look once more when their time is over, all together', async () => {
    const world = logWorld();
    const startedAt = world.clock.now();
    await world.outcome(many(world.reader(new Arrivals({ complete: true }))));
    expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(20_000);
    expect(looks(world)).toBe(2);
  });
});

describe('a look that others share', () => {
  it('is not for those who ask after something arrived', async () => {
    const world = logWorld();
    const arrivals = new Arrivals({ complete: true });
    const reader = world.reader(arrivals);
    const startedAt = world.clock.now();
    const before = reader.fetch(at, poll);
    // The query has been served, found nothing, and its answer is on the way.
    await world.pass(4);
    expect(looks(world)).toBe(1);
    arrive(world, arrivals);
    const after = reader.fetch(at, { ...poll, waitMs: 0 });
    expect((await world.outcome(after)).records).toHaveLength(1);
    expect((await world.outcome(before)).records).toHaveLength(1);
    expect(world.clock.now() - startedAt).toBeLessThan(50);
  });

  it('nor is the end of a partition', async () => {
    const world = logWorld();
    const arrivals = new Arrivals({ complete: true });
    const reader = world.reader(arrivals);
    const before = reader.endOffset(at);
    await world.pass(4);
    arrive(world, arrivals);
    expect(await world.outcome(reader.endOffset(at))).toBe(1);
    await world.outcome(before);
  });

  it('is not for those who ask for something else', async () => {
    const world = logWorld();
    const arrivals = new Arrivals({ complete: true });
    for (let n = 0; n < 3; n += 1) arrive(world, arrivals);
    const reader = world.reader(arrivals);
    const wanted = [poll, { ...poll, offset: 1 }, { ...poll, maxRecords: 1 }, { ...poll, maxBytes: 1 }];
    const fetched = await world.outcome(Promise.all(wanted.map((request) => reader.fetch(at, request))));
    expect(fetched.map(({ records }) => records.map(({ offset }) => offset))).toEqual([
      [0, 1, 2],
      [1, 2],
      [0],
      [0],
    ]);
  });

  it('fails for all who share it, and for nobody after', async () => {
    const world = logWorld();
    const reader = world.reader(new Arrivals({ complete: true }));
    world.store.readFailure = new Error('No route.');
    const failing = Promise.allSettled([reader.fetch(at, poll), reader.fetch(at, poll)]);
    expect(await world.outcome(failing)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    world.store.readFailure = undefined;
    expect((await world.outcome(reader.fetch(at, { ...poll, waitMs: 0 }))).records).toEqual([]);
  });

  it('is nobody else’s where other processes write too', async () => {
    const world = logWorld();
    const reader = world.reader(new Arrivals());
    const now = { ...poll, waitMs: 0 };
    await world.outcome(Promise.all([reader.fetch(at, now), reader.fetch(at, now)]));
    expect(looks(world)).toBe(2);
  });
});
