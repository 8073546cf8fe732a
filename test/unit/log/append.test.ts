import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { decodeRecords, encodeRecords, encodeSerialized } from '../../../lib/domain/records/encoding.ts';
import { serializeRecord } from '../../../lib/domain/records/stored-records.ts';
import { PartitionClosedError } from '../../../lib/log/append/appender.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { at, logWorld, shape } from './scripted-store.ts';

const keys = (world: ReturnType<typeof logWorld>): (string | undefined)[] =>
  world.store.table.batches(at).flatMap((batch) => decodeRecords(batch, at.partition).map(({ key }) => key));

const batchOf = (key: string): Batch => ({
  base: 0,
  count: 1,
  data: encodeRecords([{ key }]),
  writeId: new Uint8Array(8),
  appendedAt: 0,
  bytesBefore: 0,
});

describe('an append', () => {
  it('goes to the end of the partition, and is answered with its offset and time', async () => {
    const world = logWorld();
    const appender = world.appender();
    expect(await world.outcome(appender.append(at, [{ key: 'a' }, { key: 'b' }]))).toMatchObject({ base: 0 });
    const { base, appendedAt } = await world.outcome(appender.append(at, [{ key: 'c' }]));
    expect(base).toBe(2);
    expect(decodeRecords(world.store.table.batches(at)[1] as never, 2)).toEqual([
      { key: 'c', partition: 2, offset: 2, timestamp: appendedAt, appendedAt },
    ]);
  });

  it('that goes together with others has its batch named after the call of the first', async () => {
    const world = logWorld();
    const appender = world.appender();
    const [first, second] = [{ requestId: 'r1' }, { requestId: 'r2' }];
    await Promise.all([
      world.outcome(appender.append(at, [{ key: 'a' }], { origin: first })),
      world.outcome(appender.append(at, [{ key: 'b' }], { origin: second })),
    ]);
    await world.outcome(appender.append(at, [{ key: 'c' }]));
    expect(world.store.table.batches(at).map(({ count, origin }) => [count, origin])).toEqual([
      [2, first],
      [1, undefined],
    ]);
  });

  it.each([1, 19])('is compressed as hard as it is told: level %d', async (compression) => {
    const words = Array.from({ length: 4000 }, (_, index) => `order ${(index * index) % 977}`).join(' ');
    const record = { valueJson: jsonText(words) };
    const world = logWorld();
    await world.outcome(world.appender({ compression }).append(at, [record]));
    const [batch] = world.store.table.batches(at);
    expect(batch?.data).toEqual(encodeSerialized([serializeRecord(record)], { compression }));
    expect(batch?.data).not.toEqual(encodeRecords([record]));
    expect(decodeRecords(batch as Batch, at.partition)).toMatchObject([record]);
  });

  it('costs one write and no read once the process knows the partition', async () => {
    const world = logWorld();
    const appender = world.appender();
    await world.outcome(appender.append(at, [{ key: 'a' }]));
    world.store.requests = [];
    await world.pass(10_000);
    for (const key of ['b', 'c']) await world.outcome(appender.append(at, [{ key }]));
    expect(world.store.requests).toEqual(['put 1', 'put 2']);
  });

  it('looks for the end again when what it knows is too old to write on', async () => {
    const world = logWorld();
    const appender = world.appender();
    await world.outcome(appender.append(at, [{ key: 'a' }]));
    await world.pass(limits.tailMaxAgeMs + 1);
    world.store.requests = [];
    await world.outcome(appender.append(at, [{ key: 'b' }]));
    expect(world.store.requests).toEqual(['last', 'put 1']);
  });

  it('that finds its slot taken goes behind the batch that has it', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    await world.outcome(two.append(at, [{ key: 'b' }]));
    expect(await world.outcome(one.append(at, [{ key: 'c' }]))).toMatchObject({ base: 2 });
    expect(keys(world)).toEqual(['a', 'b', 'c']);
  });

  it('gets its place also where a refused put does not say who won', async () => {
    const world = logWorld({ showsWinner: false });
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    for (const key of ['b', 'c', 'd']) await world.outcome(two.append(at, [{ key }]));
    expect(await world.outcome(one.append(at, [{ key: 'e' }]))).toMatchObject({ base: 4 });
  });

  it('is never dated before the batch in front of it', async () => {
    const world = logWorld();
    await world.pass(60_000);
    await world.outcome(world.appender().append(at, [{ key: 'a' }]));
    const [first] = world.store.table.batches(at);
    const ahead = {
      ...first,
      base: 1,
      count: 1,
      appendedAt: world.clock.now() + 5_000,
      writeId: new Uint8Array(8),
    };
    world.store.table.put(at, ahead as never, world.clock.now(), world.clock.now());
    const { appendedAt } = await world.outcome(world.appender().append(at, [{ key: 'c' }]));
    expect(appendedAt).toBe(ahead.appendedAt);
  });

  it('of no records is refused', async () => {
    const world = logWorld();
    await expect(world.outcome(world.appender().append(at, []))).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

describe('appends of one process', () => {
  it('that come while one is under way go together in the next batch, in order', async () => {
    const world = logWorld();
    const appender = world.appender();
    const first = appender.append(at, [{ key: 'a' }]);
    await world.pass(1);
    const rest = ['b', 'c', 'd'].map((key) => appender.append(at, [{ key }]));
    const answers = await world.outcome(Promise.all([first, ...rest]));
    expect(answers.map(({ base }) => base)).toEqual([0, 1, 2, 3]);
    expect(keys(world)).toEqual(['a', 'b', 'c', 'd']);
    expect(world.store.count('put')).toBeLessThanOrEqual(2);
  });

  it('never make a batch larger than the limits', async () => {
    const world = logWorld();
    const appender = world.appender();
    const large = 'x'.repeat(100_000);
    const calls = Array.from({ length: 5 }, () => appender.append(at, [{ valueJson: jsonText(large) }]));
    const many = Array.from({ length: 3 }, () =>
      appender.append(
        at,
        Array.from({ length: 400 }, () => ({ valueJson: jsonText(1) })),
      ),
    );
    await world.outcome(Promise.all([...calls, ...many]));
    expect(shape(world.store).map(([, count]) => count)).toEqual([3, 802, 400]);
  });
});

describe('an append too large for a batch', () => {
  it('goes alone when it fits compressed', async () => {
    const world = logWorld();
    const appender = world.appender();
    const large = appender.append(
      at,
      ['x', 'y'].map((letter) => ({ valueJson: jsonText(letter.repeat(200_000)) })),
    );
    const small = appender.append(at, [{ valueJson: jsonText(1) }]);
    await world.outcome(Promise.all([large, small]));
    expect(shape(world.store)).toEqual([
      [0, 2],
      [2, 1],
    ]);
  });

  it('is refused with the name of the limit otherwise, and nothing is written', async () => {
    const world = logWorld();
    const random = seededRandom(1);
    const records = Array.from({ length: 3 }, () => ({
      valueBase64: Buffer.from(random.bytes(200_000)).toString('base64'),
    }));
    const refused = world.outcome(world.appender().append(at, records));
    await expect(refused).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('batchBytes'),
    });
    const many = Array.from({ length: limits.batchRecords + 1 }, () => ({ valueJson: jsonText(1) }));
    await expect(world.outcome(world.appender().append(at, many))).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('batchRecords'),
    });
    expect(world.store.requests).toEqual([]);
  });
});

describe('an append at an expected offset', () => {
  it('happens there when that is the end', async () => {
    const world = logWorld();
    const appender = world.appender();
    await world.outcome(appender.append(at, [{ key: 'a' }]));
    const answer = await world.outcome(appender.append(at, [{ key: 'b' }], { expectedOffset: 1 }));
    expect(answer.base).toBe(1);
  });

  it('fails with the real end otherwise, also when the process knows an older one', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    for (const key of ['b', 'c']) await world.outcome(two.append(at, [{ key }]));
    for (const expectedOffset of [0, 1, 2, 7])
      await expect(world.outcome(one.append(at, [{ key: 'x' }], { expectedOffset }))).rejects.toMatchObject({
        code: 'offset_mismatch',
        details: { members: { partition: 2, endOffset: 3 } },
      });
    expect(keys(world)).toEqual(['a', 'b', 'c']);
  });

  it('is never refused by an end that was asked for before it came', async () => {
    const world = logWorld();
    const one = world.appender();
    const given = new AbortController();
    const first = one.append(at, [{ key: 'a' }], { signal: given.signal });
    // The end that `first` asks for has been read, and is on its way back.
    await world.pass(3);
    const now = world.clock.now();
    world.store.table.put(at, batchOf('x'), now, now);
    const second = one.append(at, [{ key: 'b' }], { expectedOffset: 1 });
    given.abort();
    await expect(world.outcome(first)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await world.outcome(second)).base).toBe(1);
    expect(keys(world)).toEqual(['x', 'b']);
  });

  it('is not combined with others, and keeps its turn', async () => {
    const world = logWorld();
    const appender = world.appender();
    const answers = await world.outcome(
      Promise.all([
        appender.append(at, [{ key: 'a' }]),
        appender.append(at, [{ key: 'b' }], { expectedOffset: 1 }),
        appender.append(at, [{ key: 'c' }]),
      ]),
    );
    expect(answers.map(({ base }) => base)).toEqual([0, 1, 2]);
    expect(shape(world.store)).toHaveLength(3);
  });

  it('succeeds when its own write landed unheard', async () => {
    const world = logWorld();
    const appender = world.appender();
    world.store.fates = ['landed unheard'];
    const answer = await world.outcome(appender.append(at, [{ key: 'a' }], { expectedOffset: 0 }));
    expect(answer.base).toBe(0);
    expect(keys(world)).toEqual(['a']);
  });
});

describe('a closed partition', () => {
  it('takes no more records, from whoever knew it open', async () => {
    const world = logWorld();
    const [one, two, cold] = [world.appender(), world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    await world.outcome(two.close(at));
    for (const appender of [one, two, cold])
      await expect(world.outcome(appender.append(at, [{ key: 'b' }]))).rejects.toBeInstanceOf(
        PartitionClosedError,
      );
    expect(shape(world.store)).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('may be closed again', async () => {
    const world = logWorld();
    await world.outcome(world.appender().close(at));
    await world.outcome(world.appender().close(at));
    expect(shape(world.store)).toEqual([[0, 0]]);
  });
});

describe('a process that has won while others compete', () => {
  it('leaves them time to write', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    await world.outcome(two.append(at, [{ key: 'b' }]));
    // Large, so that each goes alone; the first of them loses to `b`.
    const value = 'x'.repeat(limits.recordBytes - 100);
    const own = Array.from({ length: 4 }, () => one.append(at, [{ valueJson: jsonText(value) }]));
    await world.outcome(Promise.all(own));
    const wins = world.store.putsAt.slice(-3);
    const requestMs = 5;
    for (const [index, putAt] of wins.entries())
      if (index > 0) expect(putAt - (wins[index - 1] ?? 0)).toBeGreaterThan(2 * requestMs + requestMs);
  });
});

describe('the latest record time that a batch carries', () => {
  const carried = (world: ReturnType<typeof logWorld>): (number | undefined)[] =>
    world.store.table.batches(at).map(({ maxTimestamp }) => maxTimestamp);

  it('is that of all records so far: those of other processes, and the append time where none was given', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ timestamp: 5 }, { timestamp: -7 }]));
    await world.outcome(two.append(at, [{ timestamp: 3 }]));
    const { appendedAt } = await world.outcome(one.append(at, [{ timestamp: 4 }, { key: 'now' }]));
    await world.outcome(two.append(at, [{ timestamp: appendedAt + 100 }]));
    await world.outcome(one.append(at, [{ key: 'later' }]));
    expect(carried(world)).toEqual([5, 5, appendedAt, appendedAt + 100, appendedAt + 100]);
  });

  it('is that of all appends that went together', async () => {
    const world = logWorld();
    const appender = world.appender();
    const times = [9, 11, 10];
    await world.outcome(Promise.all(times.map((timestamp) => appender.append(at, [{ timestamp }]))));
    expect(carried(world)).toEqual([11]);
  });

  it('goes on in the batch that closes the partition, and is none in one that closes an empty one', async () => {
    const world = logWorld();
    await world.outcome(world.appender().append(at, [{ timestamp: 2e12 }]));
    await world.outcome(world.appender().close(at));
    expect(carried(world)).toEqual([2e12, 2e12]);
    const empty = logWorld();
    await empty.outcome(empty.appender().close(at));
    expect(carried(empty)).toEqual([undefined]);
  });

  it('is the append time of a batch of an older version, which carries none', async () => {
    const world = logWorld();
    const [appendedAt, now] = [world.clock.now() - 1_000, world.clock.now()];
    world.store.table.put(at, { ...batchOf('old'), appendedAt }, now, now);
    await world.outcome(world.appender().append(at, [{ timestamp: 1 }]));
    expect(carried(world)).toEqual([undefined, appendedAt]);
  });
});
