import { describe, expect, it } from 'vitest';
import { NotSentError, OutcomeUnknownError, Problem, ThrottledError } from '../../../lib/domain/errors.ts';
import { type Cursor, type CursorRef, newCursor } from '../../../lib/domain/groups/cursors.ts';
import { type PulledGroup, readingDefaults } from '../../../lib/domain/groups/groups.ts';
import { type Move, planSeek, type SeekDeps, seekGroup } from '../../../lib/groups/seek.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { ManualClock } from '../../http/manual-clock.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const partitions = 200;
const end = 10;
const topic = {
  name: 'orders',
  topicId: 't1',
  partitions,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
};
const group: PulledGroup = {
  name: 'billing',
  groupId: 'g1',
  topic: 'orders',
  topicId: 't1',
  mode: 'shared',
  start: 'earliest',
  startOffsets: [],
  reading: readingDefaults,
  createdAt: 0,
};

type Replace = CursorStore['replace'];

/** A group in a topic of many partitions; `replace` stands before the store's own. */
const newScene = (before: (replace: Replace, number: number) => Replace = (replace) => replace) => {
  const clock = new ManualClock();
  const { cursors, ...stores } = memoryStores({ clock });
  const announced: string[] = [];
  let writes = 0;
  let [underWay, mostUnderWay] = [0, 0];
  const deps: SeekDeps = {
    ...stores,
    cursors: {
      list: (groupId) => cursors.list(groupId),
      replace: async (ref, read, next) => {
        writes += 1;
        const number = writes;
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        // As one that goes over a network.
        await new Promise(setImmediate);
        try {
          return await before((...args) => cursors.replace(...args), number)(ref, read, next);
        } finally {
          underWay -= 1;
        }
      },
    },
    reader: { endOffset: async () => end, offsetAtTime: async () => end },
    queue: stores.wakes,
    clock,
    random: seededRandom(1),
    telemetry: noTelemetry,
    announceMoves: (groupId) => announced.push(groupId),
  };
  return {
    deps,
    cursors,
    announced,
    counts: () => ({ writes, mostUnderWay }),
    seek: (to: 'earliest' | 'latest' = 'latest', signal?: AbortSignal) =>
      clock.until(
        seekGroup(deps, topic, group, { to, requestId: 'r1', ...(signal !== undefined && { signal }) }),
      ),
    places: async () => [...(await cursors.list('g1')).values()].map(({ committed }) => committed),
  };
};

const everywhere = (from: number, to: number): Move[] =>
  Array.from({ length: partitions }, (_, partition) => ({ partition, from, to }));

/** As a member holds it that has half of what is there. */
const held: Cursor = {
  ...newCursor(3),
  epoch: 7,
  owner: 'a/1',
  lost: 2,
  filtered: 6,
  deadLettered: 1,
  lastFailure: '503',
  runs: [{ start: 3, end: 6, state: 'held', by: 'a/1', until: 2_000_000, deliveries: 1 }],
};

const put = async (cursors: CursorStore, ref: CursorRef, cursor: Cursor): Promise<void> => {
  const read = await cursors.get(ref);
  await cursors.replace(ref, read, { ...cursor, version: (read?.version ?? 0) + 1, writeId: 'w' });
};

describe('a seek', () => {
  it('moves every partition by one write, 64 at a time, and tells of it', async () => {
    const scene = newScene();
    expect(await scene.seek()).toEqual(everywhere(0, end));
    expect(await scene.places()).toEqual(everywhere(0, end).map(({ to }) => to));
    expect(scene.counts()).toEqual({ writes: partitions, mostUnderWay: 64 });
    expect(scene.announced).toEqual(['g1']);
  });

  it('writes nothing where the group stands there already and nobody holds anything', async () => {
    const scene = newScene();
    await scene.seek();
    await put(scene.cursors, { groupId: 'g1', partition: 5 }, { ...held, committed: end });
    await scene.seek();
    expect(scene.counts().writes).toBe(partitions + 1);
    expect((await scene.cursors.get({ groupId: 'g1', partition: 5 }))?.runs).toBeUndefined();
  });

  it('takes everything from whoever holds it, and keeps what was lost, left out and dead-lettered', async () => {
    const scene = newScene();
    const ref = { groupId: 'g1', partition: 0 };
    await put(scene.cursors, ref, held);
    await scene.seek('earliest');
    expect(await scene.cursors.get(ref)).toEqual({
      ...newCursor(0),
      epoch: 8,
      lost: 2,
      filtered: 6,
      deadLettered: 1,
      version: 2,
      writeId: expect.any(String),
    });
  });

  it('is not stopped by those who move the cursors meanwhile', async () => {
    const moved = new Set<number>();
    const scene = newScene((replace, number) => async (ref, read, next) => {
      // Three times over another is first, each time.
      if (ref.partition < 10 && number < partitions + 30) {
        moved.add(ref.partition);
        const standing = await scene.cursors.get(ref);
        await put(scene.cursors, ref, { ...held, epoch: (standing?.epoch ?? 0) + 1 });
      }
      return replace(ref, read, next);
    });
    await scene.seek();
    expect(moved.size).toBe(10);
    expect(new Set(await scene.places())).toEqual(new Set([end]));
    const { epoch, runs } = (await scene.cursors.get({ groupId: 'g1', partition: 0 })) ?? newCursor(0);
    expect(epoch).toBeGreaterThan(1);
    expect(runs).toBeUndefined();
  });

  it.each([
    ['is throttled', () => new ThrottledError('No capacity.'), false],
    ['is not sent', () => new NotSentError('No connection.'), false],
    ['gets no answer', () => new OutcomeUnknownError('No answer.'), true],
  ])('repeats a write that %s, and makes it once', async (_what, failure, isWritten) => {
    const scene = newScene((replace, number) => async (ref, read, next) => {
      if (number % 2 === 0) return replace(ref, read, next);
      if (isWritten) await replace(ref, read, next);
      throw failure();
    });
    expect(await scene.seek()).toEqual(everywhere(0, end));
    const versions = [...(await scene.cursors.list('g1')).values()].map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([1]));
  });

  it('says what is left when there is no capacity for long, and the next one moves that', async () => {
    let isThrottled = true;
    const scene = newScene((replace, number) => async (ref, read, next) => {
      if (isThrottled && number > 80) throw new ThrottledError('No capacity.');
      return replace(ref, read, next);
    });
    const begun = scene.deps.clock.now();
    const failed = await scene.seek().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Problem);
    expect(failed).toMatchObject({
      code: 'unavailable',
      details: { members: { moved: 80, left: 120 }, retryAfterSeconds: 1 },
    });
    expect(scene.announced).toEqual(['g1']);
    // Before a gateway gives up waiting.
    expect(scene.deps.clock.now() - begun).toBeLessThan(26_000);
    expect(await scene.places()).toHaveLength(80);
    const before = scene.counts().writes;
    isThrottled = false;
    await scene.seek();
    expect(scene.counts().writes - before).toBe(120);
    expect(await scene.places()).toEqual(everywhere(0, end).map(({ to }) => to));
  });

  it('leaves to the next one what it had not come to when it died', async () => {
    let isAlive = true;
    const scene = newScene((replace, number) => async (ref, read, next) => {
      if (isAlive && number > 80) throw new Error('died');
      return replace(ref, read, next);
    });
    await expect(scene.seek()).rejects.toThrow('died');
    expect((await scene.places()).length).toBeLessThan(partitions);
    expect(scene.announced).toEqual(['g1']);
    isAlive = false;
    await scene.seek();
    expect(await scene.places()).toEqual(everywhere(0, end).map(({ to }) => to));
  });

  it('waits for no write any longer when its request has to end', async () => {
    const over = new AbortController();
    const scene = newScene((replace, number) => (ref, read, next) => {
      if (number < 100) return replace(ref, read, next);
      if (number === 110) over.abort();
      return new Promise(() => undefined);
    });
    await expect(scene.seek('latest', over.signal)).rejects.toMatchObject({
      code: 'unavailable',
      details: { members: { moved: 99, left: 101 } },
    });
  });

  it('moves nothing, and says so, when there is no time to find out where', async () => {
    const over = new AbortController();
    const scene = newScene();
    const reader = {
      endOffset: () => {
        over.abort();
        return new Promise<number>(() => undefined);
      },
      offsetAtTime: () => Promise.reject(new Error('Nobody asks for a time.')),
    };
    const request = { to: 'latest', requestId: 'r1', signal: over.signal } as const;
    const deps = { ...scene.deps, reader };
    for (const asked of [seekGroup(deps, topic, group, request), planSeek(deps, topic, group, request)])
      await expect(asked).rejects.toThrow(/Nothing was moved/);
    expect(scene.counts().writes).toBe(0);
  });

  it('is planned without a write', async () => {
    const scene = newScene();
    await put(scene.cursors, { groupId: 'g1', partition: 1 }, held);
    const plan = await planSeek(scene.deps, topic, group, { to: { offsets: { 1: 0, 2: 10 } } });
    expect(plan.slice(0, 4).map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [3, 0],
      [0, 10],
      [0, 0],
    ]);
    expect(scene.counts().writes).toBe(0);
    expect(scene.announced).toEqual([]);
  });
});
