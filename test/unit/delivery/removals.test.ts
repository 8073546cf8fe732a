import { describe, expect, it } from 'vitest';
import { Failures } from '../../../lib/delivery/sweep/failures.ts';
import { type RemovalDeps, RemovalRound } from '../../../lib/delivery/sweep/removals.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { cursorRef, makeRig } from './rig.ts';

const at = (partition: number): PartitionRef => ({ topicId: 't1', partition });
const batch = (base: number, count: number): Batch => ({
  base,
  count,
  data: new Uint8Array(2),
  writeId: new Uint8Array(8),
  appendedAt: 0,
  bytesBefore: 0,
});

/** One round of removals, from the first on, while `hasTime`. Gives how many were finished. */
const finishRemovals = async (deps: RemovalDeps, hasTime: () => boolean = () => true): Promise<number> => {
  const failures = new Failures();
  const round = new RemovalRound(deps, {}, failures);
  await round.goOn(hasTime);
  failures.throwFirst();
  return round.finished;
};

/** A topic of two partitions with `batches` in each, its group and a cursor. */
const makeTopic = async (batches: number) => {
  const made = await makeRig();
  const { table } = made.batches;
  for (const partition of [0, 1])
    for (let base = 0; base < batches; base += 1) table.put(at(partition), batch(base, 1), 0, 0);
  const settings = { partitions: 2, retentionHours: null, archive: false };
  await made.topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
  const taken = { read: undefined, startOffset: 0, owner: 'o', now: 0, leaseUntil: 1 };
  await made.cursors.acquire(cursorRef, taken);
  await made.cursors.acquire({ ...cursorRef, lane: 'redrive-1' }, taken);
  await made.partitions.advance(at(0), 'startOffset', 1);
  await made.schemas.put('t1', { version: 1, schemaId: 's1', schemaJson: jsonText({}), createdAt: 0 });
  const closed: number[] = [];
  const close = async (ref: PartitionRef): Promise<void> => {
    closed.push(ref.partition);
    table.put(ref, batch(table.end(ref), 0), 0, 0);
  };
  await made.members.join('g1', {
    consumerId: 'c',
    memberEpoch: 'm',
    expiresAt: 1,
    joinedAt: 0,
    polledAt: 0,
  });
  await made.paces.replace({ groupId: 'g1', endpointId: 'e1' }, undefined, {
    version: 1,
    writeId: 'w',
    held: [],
    bookedUntil: 1,
    waitedFor: 0,
  });
  const { topics, groups, cursors, members, paces, partitions, schemas, removals, clock } = made;
  const deps: RemovalDeps = {
    topics,
    groups,
    cursors,
    members,
    paces,
    partitions,
    schemas,
    removals,
    clock,
    batches: made.batches,
    appender: { close },
  };
  const request = () =>
    removals.put({ kind: 'topic', id: 't1', name: 'orders', partitions: 2, requestedAt: clock.now() });
  return {
    ...made,
    deps,
    closed,
    request,
    table,
    finish: (hasTime?: () => boolean) => finishRemovals(deps, hasTime),
  };
};

const left = async ({
  table,
  cursors,
  members,
  paces,
  groups,
  partitions,
  schemas,
}: Awaited<ReturnType<typeof makeTopic>>) => ({
  batches: [...table.batches(at(0)), ...table.batches(at(1))].length,
  cursors: (await cursors.list('g1')).size + (await cursors.list('g1', 'redrive-1')).size,
  members: (await members.list('g1')).length,
  paces: (await paces.get({ groupId: 'g1', endpointId: 'e1' })) === undefined ? 0 : 1,
  groups: (await groups.list('t1')).length,
  partitions: (await partitions.list('t1')).size,
  schemas: (await schemas.list('t1')).length,
});

describe('what was deleted', () => {
  it('takes a deleted topic apart when no writer can be left, and not before', async () => {
    const made = await makeTopic(3);
    await made.request();
    expect(await made.finish()).toBe(0);
    made.rig.pass(limits.removalMinAgeMs - 1);
    expect(await made.finish()).toBe(0);
    // Nobody is called for it from the first time on.
    expect(await left(made)).toEqual({
      batches: 8,
      cursors: 2,
      members: 1,
      paces: 1,
      groups: 0,
      partitions: 1,
      schemas: 1,
    });
    made.rig.pass(1);
    // The topic's and its group's.
    expect(await made.finish()).toBe(2);
    expect(await left(made)).toEqual({
      batches: 0,
      cursors: 0,
      members: 0,
      paces: 0,
      groups: 0,
      partitions: 0,
      schemas: 0,
    });
    expect(await made.removals.list('topic', { limit: 10 })).toEqual([]);
  });

  it('goes by the date of the closing batch, and not by a clock alone that was wrong when that was noted', async () => {
    const made = await makeTopic(1);
    await made.request();
    const { clock, table } = made;
    const young = { ...batch(1, 0), appendedAt: clock.now() + limits.removalMinAgeMs };
    for (const partition of [0, 1]) table.put(at(partition), young, 0, 0);
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    await made.finish();
    expect((await left(made)).batches).toBe(4);
    made.rig.pass(limits.removalMinAgeMs);
    await made.finish();
    expect((await left(made)).batches).toBe(0);
  });

  it('finishes though a process that was frozen for hours has put something where all was deleted already', async () => {
    const made = await makeTopic(1);
    const { clock, table } = made;
    await made.request();
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    // Time is up between the partitions; then somebody finds the first one empty.
    await made.finish(() => table.batches(at(0)).length > 0);
    expect(table.batches(at(0))).toEqual([]);
    table.put(at(0), { ...batch(0, 1), appendedAt: clock.now() }, 0, 0);
    made.rig.pass(limits.removalMinAgeMs);
    await made.finish();
    expect(await left(made)).toEqual({
      batches: 0,
      cursors: 0,
      members: 0,
      paces: 0,
      groups: 0,
      partitions: 0,
      schemas: 0,
    });
  });

  it('asks for the dates of the closing batches once, however many turns a large topic takes', async () => {
    const made = await makeTopic(1500);
    const { batches } = made.deps;
    let asked = 0;
    const last: typeof batches.last = (of) => {
      asked += 1;
      return batches.last(of);
    };
    await made.request();
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    await finishRemovals({
      ...made.deps,
      batches: {
        ...made.deps.batches,
        last,
        range: batches.range.bind(batches),
        delete: batches.delete.bind(batches),
      },
    });
    expect((await left(made)).batches).toBe(0);
    expect(asked).toBe(2);
  });

  it('finishes a deletion that got no further than being asked for: the name goes, every partition is closed', async () => {
    const made = await makeTopic(1);
    made.table.put(at(0), batch(1, 0), 0, 0);
    await made.request();
    await made.finish();
    expect(await made.topics.get('orders')).toBeUndefined();
    expect(made.closed).toEqual([1]);
  });

  it('keeps the name while a partition is open, so that no topic of that name loses what is written there', async () => {
    const made = await makeTopic(1);
    await made.request();
    const close = made.deps.appender.close.bind(made.deps.appender);
    const refusing = (at: PartitionRef) =>
      at.partition === 1 ? Promise.reject(new Error('no answer')) : close(at);
    await expect(finishRemovals({ ...made.deps, appender: { close: refusing } })).rejects.toThrow(
      'no answer',
    );
    expect(await made.topics.get('orders')).toBeDefined();
    await made.finish();
    expect(await made.topics.get('orders')).toBeUndefined();
    expect(made.closed).toEqual([0, 1]);
  });

  it('deletes nothing while it cannot remove the name', async () => {
    const made = await makeTopic(1);
    await made.request();
    const { topics } = made;
    topics.delete = () => Promise.reject(new Error('no answer'));
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      await expect(made.finish()).rejects.toThrow('no answer');
      made.rig.pass(limits.removalMinAgeMs);
    }
    expect(await left(made)).toEqual({
      batches: 4,
      cursors: 2,
      members: 1,
      paces: 1,
      groups: 1,
      partitions: 1,
      schemas: 1,
    });
    expect(await made.topics.get('orders')).toMatchObject({ deletingSince: expect.any(Number) });
  });

  it('leaves a new topic of the same name alone', async () => {
    const made = await makeTopic(0);
    await made.request();
    await made.finish();
    expect(await made.topics.get('orders')).toBeUndefined();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await made.topics.create({ name: 'orders', topicId: 't2', createdAt: 0, ...settings });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      await made.finish();
      made.rig.pass(limits.removalMinAgeMs);
    }
    expect(await made.topics.get('orders')).toMatchObject({ topicId: 't2' });
  });

  it('deletes a large log from the oldest batch on while there is time, and goes on where it was', async () => {
    const made = await makeTopic(4000);
    await made.request();
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    let looks = 70;
    await made.finish(() => looks-- > 0);
    expect(made.table.batches(at(0))).toEqual([]);
    expect(made.table.batches(at(1))[0]?.base).toBeGreaterThan(0);
    expect(await left(made)).toMatchObject({ partitions: 1 });
    expect(await made.finish()).toBe(1);
    expect(await left(made)).toMatchObject({ batches: 0, partitions: 0 });
  });

  it('leaves a topic that it has no time to close for the next call, name and all', async () => {
    const made = await makeTopic(1);
    await made.request();
    let looks = 2;
    await made.finish(() => looks-- > 0);
    expect(made.closed).toHaveLength(1);
    expect(await made.topics.get('orders')).toBeDefined();
    await made.finish();
    expect(made.closed.toSorted()).toEqual([0, 1]);
    expect(await made.topics.get('orders')).toBeUndefined();
  });

  it('gives removals of topics and of groups turns, however many there are and however large one is', async () => {
    const made = await makeTopic(20_000);
    await made.request();
    for (let index = 0; index < 300; index += 1) {
      const id = `g-${index}`;
      const requestedAt = made.clock.now();
      await made.removals.put({ kind: 'group', id, name: id, topicId: 't2', requestedAt });
      await made.removals.put({ kind: 'topic', id: `t-${index}`, name: id, partitions: 0, requestedAt });
    }
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    let looks = 400;
    const finished = await made.finish(() => looks-- > 0);
    const groups = 301 - (await made.removals.list('group', { limit: 1000 })).length;
    const topics = 301 - (await made.removals.list('topic', { limit: 1000 })).length;
    expect(finished).toBe(groups + topics);
    expect(groups).toBeGreaterThan(100);
    expect(topics).toBeGreaterThan(100);
  });

  it('deletes the closing batch after all others, whatever deletion fails', async () => {
    const made = await makeTopic(250);
    await made.request();
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    const remove = made.batches.delete.bind(made.batches);
    let calls = 0;
    made.batches.delete = async (ref, bases) => {
      calls += 1;
      if (calls % 2 === 0) throw new Error('no answer');
      const closing = made.table.last(ref);
      if (closing?.count === 0 && bases.includes(closing.base)) expect(bases).toEqual([closing.base]);
      await remove(ref, bases);
      const rest = made.table.batches(ref);
      expect(rest.length === 0 || rest.at(-1)?.count === 0).toBe(true);
    };
    for (let sweeps = 0; sweeps < 20; sweeps += 1) await made.finish().catch(() => 0);
    expect(await left(made)).toMatchObject({ batches: 0, groups: 0 });
  });

  it('goes on with the others when one fails, and then throws', async () => {
    const made = await makeTopic(1);
    const requestedAt = made.clock.now() - limits.removalMinAgeMs;
    await made.removals.put({ kind: 'group', id: 'a', name: 'a', topicId: 't1', requestedAt });
    await made.removals.put({ kind: 'group', id: 'g1', name: 'billing', topicId: 't1', requestedAt });
    const deleteAll = made.cursors.deleteAll.bind(made.cursors);
    made.cursors.deleteAll = (id) => (id === 'a' ? Promise.reject(new Error('broken')) : deleteAll(id));
    await expect(made.finish()).rejects.toThrow('broken');
    expect(await made.removals.list('group', { limit: 10 })).toMatchObject([{ id: 'a' }]);
  });

  it('ends a deleted group at once if it still stands, and its cursors in time, but not its successor', async () => {
    const made = await makeTopic(0);
    const remove = (id: string) =>
      made.removals.put({ kind: 'group', id, name: 'billing', topicId: 't1', requestedAt: made.clock.now() });
    await remove('g0');
    await made.finish();
    made.rig.pass(limits.removalMinAgeMs);
    expect(await made.finish()).toBe(1);
    expect(await left(made)).toMatchObject({ cursors: 2, members: 1, paces: 1, groups: 1 });
    await remove('g1');
    expect(await made.finish()).toBe(0);
    expect(await left(made)).toMatchObject({ cursors: 2, members: 1, paces: 1, groups: 0 });
    made.rig.pass(limits.removalMinAgeMs);
    expect(await made.finish()).toBe(1);
    expect(await left(made)).toMatchObject({ cursors: 0, members: 0, paces: 0, groups: 0 });
  });

  it.each(['cursors', 'members', 'paces'] as const)(
    "keeps a group's %s findable until they are gone, whatever fails in between",
    async (kind) => {
      const made = await makeTopic(0);
      await made.request();
      await made.finish();
      made.rig.pass(limits.removalMinAgeMs);
      const store = made[kind];
      const deleteAll = store.deleteAll.bind(store);
      store.deleteAll = () => Promise.reject(new Error('no answer'));
      await expect(made.finish()).rejects.toThrow('no answer');
      store.deleteAll = deleteAll;
      await made.finish();
      expect(await left(made)).toMatchObject({ cursors: 0, members: 0, paces: 0, groups: 0 });
    },
  );

  it('are gone on with where the sweep was, though their list could not be read', async () => {
    const made = await makeTopic(0);
    const requestedAt = made.clock.now();
    for (const id of ['a', 'b', 'c'])
      await made.removals.put({ kind: 'group', id, name: id, topicId: 't2', requestedAt });
    const place = { topicRemoval: 'x', groupRemoval: 'b', turn: 'group' } as const;
    const { list } = made.removals;
    made.removals.list = () => Promise.reject(new Error('throttled'));
    const round = new RemovalRound(made.deps, place, new Failures());
    await round.goOn(() => true);
    expect(round.place).toMatchObject({ topicRemoval: 'x', groupRemoval: 'b' });
    made.removals.list = list;
    const whole = new RemovalRound(made.deps, place, new Failures());
    await whole.goOn(() => true);
    expect(whole.place).toEqual({});
  });
});
