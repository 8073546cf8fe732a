import { describe, expect, it } from 'vitest';
import type { Entry, NotNow } from '../../../../lib/delivery/pacing/entry.ts';
import { Pacing } from '../../../../lib/delivery/pacing/pacing.ts';
import { OutcomeUnknownError } from '../../../../lib/domain/errors.ts';
import { limits } from '../../../../lib/domain/limits.ts';
import { MemoryPaceStore } from '../../../../lib/stores/memory/paces.ts';
import type { PaceStore } from '../../../../lib/stores/paces.ts';
import { Scheduler, seededRandom } from '../../../simulation/scheduler.ts';

const ref = { groupId: 'g', endpointId: 'e' };
const timeoutMs = 15_000;
const minute = 60_000;

interface EndpointSettings {
  readonly maxConcurrentRequests?: number;
  readonly requestsPerSecond?: number;
}

const makePacing = (settings: EndpointSettings) => {
  const scheduler = new Scheduler();
  const store = new MemoryPaceStore();
  const calls = { get: 0, replace: 0 };
  const paces: PaceStore = {
    get: (of) => {
      calls.get += 1;
      return store.get(of);
    },
    replace: (of, read, next) => {
      calls.replace += 1;
      return store.replace(of, read, next);
    },
    deleteAll: (groupId) => store.deleteAll(groupId),
  };
  const random = seededRandom(1);
  const process = () => {
    const { clock } = scheduler.process();
    const pacing = new Pacing({ paces, clock, random });
    return {
      enter: (who = 'p0', hasWaited = false) =>
        pacing.enter(
          { groupId: 'g', endpoint: { endpointId: 'e', ...settings }, timeoutMs },
          { who, hasWaited },
        ),
    };
  };
  /** What comes of it, within a minute of the world's time. */
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const done = (): void => {
      isSettled = true;
    };
    promise.then(done, done);
    await scheduler.run({ when: () => isSettled, maxMs: minute });
    if (!isSettled) throw new Error('It took more than a minute.');
    return promise;
  };
  const entered = async (answer: Promise<Entry | NotNow>): Promise<Entry> => {
    const entry = await settled(answer);
    if (entry.kind !== 'entered') throw new Error(`It was put off for ${entry.retryInMs} ms.`);
    return entry;
  };
  // Time stands still where nothing is to happen.
  const pass = (ms: number) => settled(scheduler.clock.sleep(ms));
  return { scheduler, store, paces, calls, process, settled, entered, pass };
};

describe('Pacing', () => {
  it('asks the store for nothing where an endpoint has no such setting', async () => {
    const { calls, process, entered } = makePacing({});
    const entry = await entered(process().enter());
    expect(await entry.turn(0)).toEqual({ kind: 'go' });
    await entry.leave();
    expect(calls).toEqual({ get: 0, replace: 0 });
  });

  it('takes a slot and gives it back by one write each, however many requests are sent in between', async () => {
    const { calls, store, process, entered, settled, pass } = makePacing({ maxConcurrentRequests: 1 });
    const entry = await entered(process().enter());
    expect((await store.get(ref))?.held).toMatchObject([{ slots: 1 }]);
    for (let request = 0; request < 10; request += 1) {
      expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
      await pass(2900);
    }
    await settled(entry.leave());
    await settled(entry.leave());
    expect(calls).toEqual({ get: 1, replace: 2 });
    expect((await store.get(ref))?.held).toEqual([]);
  });

  it('takes as many slots at once as are asked for at once, by one write', async () => {
    const { calls, process, settled } = makePacing({ maxConcurrentRequests: 3 });
    const { enter } = process();
    const answers = await settled(Promise.all(['a', 'b', 'c', 'd'].map((who) => enter(who))));
    expect(answers.map(({ kind }) => kind)).toEqual(['entered', 'entered', 'entered', 'later']);
    expect(calls.replace).toBe(1);
  });

  it('puts off whom it has no slot for, by seconds that differ', async () => {
    const { process, entered, settled } = makePacing({ maxConcurrentRequests: 1 });
    await entered(process().enter());
    const other = process();
    const pauses: number[] = [];
    for (let partition = 0; partition < 100; partition += 1) {
      const answer = await settled(other.enter(`p${partition}`));
      if (answer.kind === 'later') pauses.push(answer.retryInMs);
    }
    expect(pauses).toHaveLength(100);
    expect(pauses[0]).toBeLessThanOrEqual(4000);
    // As many as wait, as much later: one of them comes every second or so.
    expect(pauses.at(-1)).toBeGreaterThan(15_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(limits.slotPauseMs);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2000);
    expect(new Set(pauses).size).toBeGreaterThan(50);
  });

  it('hands a slot that is given back to who waits in the same process, without a write', async () => {
    const { calls, process, entered, settled, pass } = makePacing({ maxConcurrentRequests: 1 });
    const { enter } = process();
    const first = await entered(enter('a'));
    const second = enter('b');
    await pass(500);
    await settled(first.leave());
    const entry = await entered(second);
    expect(calls.replace).toBe(1);
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
    await settled(entry.leave());
    expect(calls.replace).toBe(2);
  });

  it('holds a slot for as long as it is used', async () => {
    const { process, entered, settled, pass } = makePacing({ maxConcurrentRequests: 1 });
    const entry = await entered(process().enter());
    const other = process();
    for (let passed = 0; passed < 5 * minute; passed += 10_000) {
      expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
      expect((await settled(other.enter())).kind).toBe('later');
      await pass(10_000);
    }
  });

  it('frees the slot of a process that died, when its last request is over for sure', async () => {
    const { process, entered, settled, pass } = makePacing({ maxConcurrentRequests: 1 });
    const entry = await entered(process().enter());
    await pass(limits.deliverTurnMs);
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
    await pass(timeoutMs);
    const other = process();
    expect((await settled(other.enter())).kind).toBe('later');
    await pass(10_000);
    expect((await settled(other.enter())).kind).toBe('entered');
    // If it lives after all, it has nothing.
    expect((await settled(entry.turn(timeoutMs))).kind).toBe('later');
    await settled(entry.leave());
    expect((await settled(process().enter())).kind).toBe('later');
  });

  it('lets none in whose write was not answered, and is right again with the next', async () => {
    const made = makePacing({ maxConcurrentRequests: 2 });
    const { enter } = made.process();
    const { replace } = made.paces;
    Object.assign(made.paces, {
      replace: async (...given: Parameters<typeof replace>) => {
        await replace(...given);
        throw new OutcomeUnknownError('No answer.');
      },
    });
    await expect(made.settled(enter())).rejects.toThrow('No answer.');
    Object.assign(made.paces, { replace });
    expect((await made.store.get(ref))?.held).toMatchObject([{ slots: 1 }]);
    await made.entered(enter());
    expect((await made.store.get(ref))?.held).toMatchObject([{ slots: 1 }]);
  });

  it('gives the moments of requests, evenly, and books few at first', async () => {
    const { scheduler, calls, process, entered, settled } = makePacing({ requestsPerSecond: 10 });
    const begun = scheduler.now();
    const entry = await entered(process().enter());
    const at: number[] = [];
    for (let request = 0; request < 20; request += 1) {
      expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
      at.push(scheduler.now() - begun);
    }
    expect(at).toEqual(Array.from({ length: 20 }, (_, request) => request * 100));
    expect(calls.replace).toBeLessThan(10);
  });

  it('says when to come back where a rate is low, and is there in time', async () => {
    const { process, entered, settled, pass, calls } = makePacing({ requestsPerSecond: 0.1 });
    const entry = await entered(process().enter());
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'later', for: 'place', retryInMs: 9000 });
    expect(calls).toEqual({ get: 1, replace: 1 });
    await pass(9000);
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
  });

  it('books for who gets a slot in the same write', async () => {
    const { calls, process, entered, settled } = makePacing({
      maxConcurrentRequests: 4,
      requestsPerSecond: 100,
    });
    const entry = await entered(process().enter());
    expect(await settled(entry.turn(timeoutMs))).toEqual({ kind: 'go' });
    await settled(entry.leave());
    expect(calls.replace).toBe(2);
  });
});
