import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { trim } from '../../harness/trim.ts';
import { at, logWorld, shape } from './scripted-store.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A process that has just appended one record, and knows where the partition ends. */
const knowing = async () => {
  const world = logWorld();
  const appender = world.appender();
  await world.outcome(appender.append(at, [{ key: 'a' }]));
  world.store.requests = [];
  const next = () => world.outcome(appender.append(at, [{ key: 'b' }]));
  return { world, appender, next, process: world.store.process };
};

describe('a known end of a partition is asked for again', () => {
  it('when the wall clock stood still while the monotonic one went on', async () => {
    const { world, next, process } = await knowing();
    await world.pass(limits.tailMaxAgeMs + 1);
    process.stepClock(-limits.tailMaxAgeMs - 1);
    await next();
    expect(world.store.requests).toEqual(['last', 'put 1']);
  });

  it('when the monotonic clock stood still while the wall clock went on', async () => {
    const { world, next, process } = await knowing();
    process.freeze(limits.tailMaxAgeMs + 1, 'monotonic');
    await world.pass(limits.tailMaxAgeMs + 1);
    await next();
    expect(world.store.requests).toEqual(['last', 'put 1']);
  });

  it('when the wall clock has stepped back behind it', async () => {
    const { world, next, process } = await knowing();
    process.stepClock(-10 * minute);
    await next();
    expect(world.store.requests).toEqual(['last', 'put 1']);
  });

  it('and believed at once though the clock stepped back while it was asked for', async () => {
    const world = logWorld();
    const append = world.appender().append(at, [{ key: 'a' }]);
    await world.pass(1);
    world.store.process.stepClock(-10 * minute);
    expect((await world.outcome(append)).base).toBe(0);
    expect(world.store.requests).toEqual(['last', 'put 0']);
  });
});

describe('a write whose outcome is not known', () => {
  it('is answered as unknown in time though the wall clock steps back by hours', async () => {
    const { world, appender, process } = await knowing();
    world.store.fates = Array.from({ length: 1_000 }, () => 'lost' as const);
    const from = world.scheduler.now();
    const append = appender.append(at, [{ key: 'b' }]);
    await world.pass(1_000);
    process.stepClock(-3 * hour);
    await expect(world.outcome(append)).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(world.scheduler.now() - from).toBeLessThan(20_000);
  });

  it('is answered as unknown in time though the wall clock stands still', async () => {
    const { world, appender, process } = await knowing();
    world.store.fates = Array.from({ length: 1_000 }, () => 'lost' as const);
    const from = world.scheduler.now();
    const answered = appender.append(at, [{ key: 'b' }]).then(
      () => 'stored',
      (error: { code: string }) =>
        `${error.code} within ${Math.ceil((world.scheduler.now() - from) / 20_000)}`,
    );
    for (let passed = 0; passed < 80_000; passed += 500) {
      await world.pass(500);
      process.stepClock(-500);
    }
    expect(await answered).toBe('outcome_unknown within 1');
  });

  it('is not repeated once the clock has stepped back behind its tail, and is looked for instead', async () => {
    const { world, appender, process } = await knowing();
    world.store.fates = ['landed unheard'];
    const append = appender.append(at, [{ key: 'b' }]);
    await world.pass(1_000);
    process.stepClock(-10 * minute);
    expect((await world.outcome(append)).base).toBe(1);
    expect(world.store.requests).toEqual(['put 1', 'strong range 1']);
  });
});

describe('waiting', () => {
  it('of appends ends by what has passed, not by a wall clock that has stepped back', async () => {
    const { world, appender, process } = await knowing();
    world.store.fates = Array.from({ length: 10_000 }, () => 'throttled' as const);
    const from = world.scheduler.now();
    const append = appender.append(at, [{ key: 'b' }]);
    await world.pass(100);
    process.stepClock(-hour);
    await expect(world.outcome(append)).rejects.toMatchObject({ code: 'throttled' });
    expect(world.scheduler.now() - from).toBeLessThan(10_000);
  });

  it('for a first record ends in time though the wall clock steps back', async () => {
    const { world, process } = await knowing();
    const from = world.scheduler.now();
    const fetched = world.reader().fetch(at, { offset: 1, maxRecords: 1, maxBytes: 1e6, waitMs: 5_000 });
    await world.pass(1_000);
    process.stepClock(-7 * minute);
    expect(await world.outcome(fetched)).toMatchObject({ records: [], endOffset: 1 });
    expect(world.scheduler.now() - from).toBeLessThan(6_000);
  });
});

it('an end that was seen before the wall clock stepped back is not told as new', async () => {
  const { world, next, process } = await knowing();
  const reader = world.reader();
  await next();
  expect(await world.outcome(reader.endOffset(at))).toBe(2);
  process.stepClock(-7 * minute);
  await next();
  await world.pass(minute);
  const first = { offset: 0, maxRecords: 1, maxBytes: 1e6, waitMs: 0 };
  expect(await world.outcome(reader.fetch(at, first))).toMatchObject({ nextOffset: 1, endOffset: 3 });
});

describe('the date of a batch', () => {
  /** What a batch is dated that is appended behind one dated so far ahead of the clock. */
  const datedBehind = async (aheadMs: number): Promise<number> => {
    const { world, next } = await knowing();
    const [first] = world.store.table.batches(at);
    if (first === undefined) throw new Error('There is no batch.');
    world.store.table.delete(at, [0]);
    const { clock, scheduler, store } = world;
    const ahead = { ...first, appendedAt: clock.now() + aheadMs, writeId: new Uint8Array(8) };
    store.table.put(at, ahead, scheduler.now(), scheduler.now());
    await world.pass(limits.tailMaxAgeMs);
    const { appendedAt } = await next();
    return appendedAt - ahead.appendedAt;
  };

  it('is never before that of the batch in front of it, where a legal clock can have dated that', async () => {
    expect(await datedBehind(limits.appendTimeMaxAheadMs)).toBe(0);
  });

  it("is the writer's own behind a date that no legal clock has written", async () => {
    const aheadMs = limits.appendTimeMaxAheadMs + 2 * minute;
    expect(await datedBehind(aheadMs)).toBeLessThan(minute + 1_000 - aheadMs);
    expect(await datedBehind(48 * hour)).toBeLessThan(-47 * hour);
  });
});

describe('trimming by clocks that were off', () => {
  /** Batches of one record, by how long ago (ms) each is dated. */
  const dated = (...agesMs: readonly number[]) => {
    const world = logWorld();
    for (const [base, ageMs] of agesMs.entries()) {
      const now = world.scheduler.now();
      const batch = {
        base,
        count: 1,
        data: new Uint8Array([0]),
        writeId: new Uint8Array(8),
        appendedAt: now - ageMs,
        bytesBefore: base,
      };
      world.store.table.put(at, batch, now, now);
    }
    return world;
  };
  const left = async (world: ReturnType<typeof logWorld>, upTo = 1_000): Promise<number[]> => {
    const { store, partitions, clock } = world;
    await world.outcome(trim({ batches: store, partitions, clock }, at, upTo));
    return shape(store).map(([base]) => base);
  };
  const [old, young, impossible] = [2 * hour, minute, -48 * hour];

  it('stops at the first batch that may not go, also where a later one looks older', async () => {
    expect(await left(dated(old, young, old, old, young))).toEqual([1, 2, 3, 4]);
  });

  it('takes a date that no legal clock has written for none: the batch is as old as the next one', async () => {
    expect(await left(dated(old, impossible, impossible, old, young))).toEqual([4]);
    expect(await left(dated(old, impossible, impossible, young, young))).toEqual([1, 2, 3, 4]);
    expect(await left(dated(old, impossible, impossible, impossible, old), 2)).toEqual([2, 3, 4]);
  });

  it('finds the age of a long run of such dates behind it', async () => {
    const run = Array.from({ length: 60 }, () => impossible);
    expect(await left(dated(...run, old, young))).toEqual([61]);
    expect(await left(dated(...run))).toHaveLength(60);
  });

  it('believes the earlier reading of a clock that steps forward meanwhile', async () => {
    const world = dated(young, young, young);
    const { store, partitions, clock } = world;
    const trimmed = trim({ batches: store, partitions, clock }, at, 1_000);
    await world.pass(11);
    expect(store.requests.at(-1)).toBe('strong range 0');
    store.process.stepClock(3 * hour);
    expect(await world.outcome(trimmed)).toBe(0);
  });
});

it('the limits are what the rules are derived from', () => {
  const { signatureMaxAgeMs, tailMaxAgeMs, trimMinAgeMs, removalMinAgeMs, appendTimeMaxAheadMs } = limits;
  const leastAgeMs = 4 * signatureMaxAgeMs + 2 * tailMaxAgeMs;
  expect(trimMinAgeMs).toBeGreaterThan(leastAgeMs);
  expect(removalMinAgeMs).toBeGreaterThan(leastAgeMs);
  expect(appendTimeMaxAheadMs).toBe(2 * (signatureMaxAgeMs + tailMaxAgeMs));
});
