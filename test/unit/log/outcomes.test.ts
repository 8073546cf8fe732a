import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../lib/domain/errors.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { at, logWorld, type PutFate, shape } from './scripted-store.ts';

describe('an append whose put is not answered', () => {
  it.each<PutFate>(['lost', 'landed unheard'])(
    'is repeated at its slot until it is certain (%s)',
    async (fate) => {
      const world = logWorld();
      world.store.fates = [fate, fate, 'throttled'];
      const answer = await world.outcome(world.appender().append(at, [{ key: 'a' }]));
      expect(answer.base).toBe(0);
      expect(shape(world.store)).toEqual([[0, 1]]);
      expect(new Set(world.store.requests)).toEqual(new Set(['last', 'put 0']));
    },
  );

  it('is no fault of ours', async () => {
    const world = logWorld();
    world.store.fates = Array.from({ length: 100 }, () => 'lost' as const);
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(world.events.filter(({ kind }) => kind === 'fault')).toEqual([]);
  });

  it('stays unknown when a copy of it is refused: the first may land yet', async () => {
    const world = logWorld();
    world.store.fates = ['lost', ...Array.from({ length: 100 }, () => 'forbidden' as const)];
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
  });

  it('recognises its write also where a refused put does not say who won', async () => {
    const world = logWorld({ showsWinner: false });
    world.store.fates = ['landed unheard'];
    const answer = await world.outcome(world.appender().append(at, [{ key: 'a' }]));
    expect(answer.base).toBe(0);
    expect(shape(world.store)).toEqual([[0, 1]]);
  });

  it('goes on behind the batch that has its slot, once that is certain', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    world.store.fates = ['lost'];
    const first = one.append(at, [{ key: 'a' }]);
    await world.pass(100);
    await world.outcome(two.append(at, [{ key: 'b' }]));
    expect((await world.outcome(first)).base).toBe(1);
  });

  it('is answered as unknown when time is up, and so is not said to be unwritten', async () => {
    const world = logWorld();
    world.store.fates = Array.from({ length: 100 }, () => 'lost' as const);
    const startedAt = world.clock.now();
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(world.clock.now() - startedAt).toBeLessThan(20_000);
  });

  it('is answered with its offset when a last look finds it', async () => {
    const world = logWorld();
    const fates = Array.from({ length: 100 }, () => 'lost' as const);
    world.store.fates = ['landed unheard', ...fates];
    expect((await world.outcome(world.appender().append(at, [{ key: 'a' }]))).base).toBe(0);
  });

  it('is not sent again once its tail is too old', async () => {
    const world = logWorld();
    const appender = world.appender({ settleBudgetMs: 10 * limits.tailMaxAgeMs });
    world.store.fates = Array.from({ length: 1_000 }, () => 'lost' as const);
    await expect(world.outcome(appender.append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    const sentAfter = world.store.count('put');
    // One put takes two seconds to be given up: no more than fit the age of a tail.
    expect(sentAfter).toBeLessThanOrEqual(limits.tailMaxAgeMs / 2_000 + 1);
  });

  it('does not keep later appends from their place', async () => {
    const world = logWorld();
    const appender = world.appender();
    world.store.fates = ['landed unheard', ...Array.from({ length: 30 }, () => 'lost' as const)];
    const first = appender.append(at, [{ key: 'a' }]);
    expect((await world.outcome(first)).base).toBe(0);
    world.store.fates = [];
    expect((await world.outcome(appender.append(at, [{ key: 'b' }]))).base).toBe(1);
  });
});

describe('an append that was certainly not written', () => {
  it.each<PutFate>(['throttled', 'never sent'])('is tried again (%s)', async (fate) => {
    const world = logWorld();
    world.store.fates = [fate, fate];
    expect((await world.outcome(world.appender().append(at, [{ key: 'a' }]))).base).toBe(0);
  });

  it('is refused as throttled when throttling does not end, and says that nothing was written', async () => {
    const world = logWorld();
    world.store.fates = Array.from({ length: 10_000 }, () => 'throttled' as const);
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'throttled',
      message: expect.stringContaining('Nothing was written'),
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(shape(world.store)).toEqual([]);
  });

  it('is refused as unavailable when the end of the partition cannot be read', async () => {
    const world = logWorld();
    world.store.readFailure = new Error('No route.');
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Nothing was written'),
    });
    expect(world.store.count('put')).toBe(0);
  });
});

describe('an append that the store does not take', () => {
  it('is answered after one put as not written, and told of as a fault', async () => {
    const world = logWorld();
    world.store.fates = Array.from({ length: 100 }, () => 'forbidden' as const);
    await expect(world.outcome(world.appender().append(at, [{ key: 'a' }]))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Nothing was written'),
    });
    expect(world.store.count('put')).toBe(1);
    expect(world.events.filter(({ kind }) => kind === 'fault')).toEqual([
      {
        kind: 'fault',
        where: 'append',
        error: new RefusedError('The store refuses a put: AccessDeniedException.'),
      },
    ]);
    expect(shape(world.store)).toEqual([]);
  });

  it('does not keep the next from being written', async () => {
    const world = logWorld();
    const appender = world.appender();
    world.store.fates = ['forbidden'];
    await expect(world.outcome(appender.append(at, [{ key: 'a' }]))).rejects.toThrow();
    expect((await world.outcome(appender.append(at, [{ key: 'b' }]))).base).toBe(0);
  });
});

describe('under more load than a process can commit', () => {
  it('new appends are refused at once, the others go through, and nobody waits long', async () => {
    const world = logWorld();
    const appender = world.appender();
    // Every put is throttled three times, so that a batch takes long.
    world.store.fates = Array.from({ length: 10_000 }, (_, index) =>
      index % 4 === 3 ? 'answered' : 'throttled',
    );
    const text = 'x'.repeat(50_000);
    const waited: number[] = [];
    const calls: Promise<string>[] = [];
    for (let turn = 0; turn < 2_000; turn += 1) {
      const sentAt = world.clock.now();
      const call = appender.append(at, [{ valueJson: jsonText(`${text}${turn}`) }]).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      );
      calls.push(call.finally(() => void waited.push(world.clock.now() - sentAt)));
      await world.pass(2);
    }
    const outcomes = await world.outcome(Promise.all(calls));
    const count = (outcome: string): number => outcomes.filter((other) => other === outcome).length;
    expect(count('ok')).toBeGreaterThan(100);
    expect(count('throttled')).toBeGreaterThan(100);
    expect(count('ok') + count('throttled')).toBe(2_000);
    expect(Math.max(...waited)).toBeLessThan(5_000);
    expect(world.store.table.end(at)).toBe(count('ok'));
  });
});

describe('a process that gives up', () => {
  it('answers what is under way as unknown and what waits as unwritten, and leaves nothing pending', async () => {
    const world = logWorld();
    const appender = world.appender();
    await world.outcome(appender.append(at, [{ key: 'a' }]));
    world.store.fates = ['lost'];
    const underWay = appender.append(at, [{ key: 'b' }]);
    await world.pass(1);
    const waiting = appender.append(at, [{ key: 'c' }]);
    const answers = Promise.allSettled([underWay, waiting]);
    await world.outcome(appender.abandon());
    expect(await answers).toMatchObject([
      { reason: { code: 'outcome_unknown' } },
      { reason: { code: 'unavailable' } },
    ]);
    const sent = world.store.count('put');
    await world.pass(60_000);
    expect(world.store.count('put')).toBe(sent);
  });

  it('may begin anew', async () => {
    const world = logWorld();
    const appender = world.appender();
    world.store.fates = ['landed unheard'];
    const first = appender.append(at, [{ key: 'a' }]).catch(() => 'gone');
    await world.pass(10);
    await world.outcome(appender.abandon());
    expect(await first).toBe('gone');
    expect((await world.outcome(appender.append(at, [{ key: 'b' }]))).base).toBe(1);
  });

  it('knows when nothing is under way', async () => {
    const world = logWorld();
    const appender = world.appender();
    const append = appender.append(at, [{ key: 'a' }]);
    await world.outcome(appender.idle());
    expect((await append).base).toBe(0);
  });
});

describe('a caller that gives up', () => {
  it('is told that nothing was written while its append waits, and it never is', async () => {
    const world = logWorld();
    const appender = world.appender();
    const first = appender.append(at, [{ key: 'a' }]);
    await world.pass(1);
    const caller = new AbortController();
    const second = appender.append(at, [{ key: 'b' }], { signal: caller.signal });
    caller.abort();
    await expect(world.outcome(second)).rejects.toMatchObject({ code: 'unavailable' });
    await world.outcome(first);
    await world.outcome(appender.idle());
    expect(shape(world.store)).toEqual([[0, 1]]);
  });

  it('is told that the outcome is unknown once its append is under way', async () => {
    const world = logWorld();
    const caller = new AbortController();
    const call = world.appender().append(at, [{ key: 'a' }], { signal: caller.signal });
    await world.pass(6);
    caller.abort();
    await expect(world.outcome(call)).rejects.toMatchObject({ code: 'outcome_unknown' });
  });
});

describe('what happened', () => {
  it('is told: how many appends went together, and what stood in their way', async () => {
    const world = logWorld();
    const [one, two] = [world.appender(), world.appender()];
    await world.outcome(one.append(at, [{ key: 'a' }]));
    await world.outcome(two.append(at, [{ key: 'b' }]));
    world.events.length = 0;
    await world.outcome(
      Promise.all([one.append(at, [{ key: 'c' }]), one.append(at, [{ key: 'd' }, { key: 'e' }])]),
    );
    expect(world.events).toMatchObject([
      {
        kind: 'appended',
        topicId: 'orders1',
        partition: 2,
        records: 3,
        appends: 2,
        conflicts: 1,
        throttles: 0,
      },
    ]);
  });
});
