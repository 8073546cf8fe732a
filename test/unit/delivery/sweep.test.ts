import { describe, expect, it } from 'vitest';
import { ArchiveDue } from '../../../lib/archive/due.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { ThrottledError } from '../../../lib/domain/errors.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { markDeleted } from '../../../lib/topics/mark-deleted.ts';
import { answered, cursorRef, groupRef } from './rig.ts';
import { makeSweep } from './sweep-rig.ts';

describe('sweep', () => {
  it('wakes a partition in which something waits and nobody is at it', async () => {
    const made = await makeSweep();
    expect(await made.sweep()).toEqual({ wakes: 0, removals: 0 });
    made.append({ value: 1 });
    expect(await made.sweep()).toEqual({ wakes: 1, removals: 0 });
    const wakes = made.takeWakes();
    expect(wakes).toMatchObject([
      { wake: { kind: 'append', groupId: 'g1', group: 'billing', partition: 0 } },
    ]);
    for (const { wake } of wakes) await made.deliver(wake);
    expect(made.sent).toHaveLength(1);
    expect(await made.sweep()).toEqual({ wakes: 0, removals: 0 });
  });

  it('counts records that were refused and could not be written to the dead letters', async () => {
    const made = await makeSweep({
      delivery: { batchSize: 1, maxAttempts: 1, deadLetterAfterSeconds: 0 },
    });
    made.append({ value: 1 });
    made.dead.isOpen = false;
    made.rig.answer = () => answered(400);
    await made.deliver();
    await made.sweep();
    const of = { topic: 'orders', group: 'billing' };
    expect(made.events.filter(({ kind }) => kind === 'stuck')).toEqual([
      { kind: 'stuck', ...of, records: 1 },
    ]);
    expect(made.events.at(-1)).toMatchObject({ kind: 'swept', stuckRecords: 1 });
  });

  it('leaves live leases and retries that are due later alone, until they are over', async () => {
    const made = await makeSweep();
    made.append({ value: 1 });
    made.rig.answer = async () => {
      expect(await made.sweep()).toMatchObject({ wakes: 0 });
      return answered(429, { retryAfter: '60' });
    };
    await made.deliver();
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    made.rig.pass(60_000);
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });

  it('finds a lease whose holder died', async () => {
    const made = await makeSweep();
    made.append({ value: 1 });
    const taken = { read: undefined, startOffset: 0, owner: 'dead', now: made.clock.now(), pendingEnd: 1 };
    await made.cursors.acquire(cursorRef, { ...taken, leaseUntil: made.clock.now() + 1000 });
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    made.rig.pass(1000);
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });

  it('tells how much a group has not acknowledged, and how old the oldest of it is, while there is some', async () => {
    const made = await makeSweep();
    await made.sweep();
    expect(made.events.map(({ kind }) => kind)).toEqual(['swept']);
    made.append({ value: 1 }, { value: 2 });
    made.rig.pass(5000);
    made.append({ value: 3 });
    await made.sweep();
    const lag = { kind: 'lag', topic: 'orders', group: 'billing', records: 3, oldestMs: 5000 };
    expect(made.events).toContainEqual(lag);
    for (const { wake } of made.takeWakes()) await made.deliver(wake);
    made.events.length = 0;
    await made.sweep();
    expect(made.events.map(({ kind }) => kind)).toEqual(['swept']);
  });

  it('sends every wake before it looks how old anything is', async () => {
    const made = await makeSweep();
    const [first] = await made.groups.list('t1');
    const second = { name: 'mail', groupId: 'g2' };
    await made.groups.create({ ...made.group, ...second });
    const [endpoint] = first?.endpoints ?? [];
    if (endpoint)
      await made.groups.putEndpoint({ topicId: 't1', group: 'mail' }, { ...endpoint, endpointId: 'e2' });
    made.append({ value: 1 });
    made.calls.length = 0;
    expect(await made.sweep()).toMatchObject({ wakes: 2 });
    const order = made.calls.filter((call) => /^(?:queue.send|batches.floor)$/.test(call));
    expect(order).toEqual(['queue.send', 'queue.send', 'batches.floor', 'batches.floor']);
  });

  it('wakes nobody who is not called, and tells that records wait there, which is no lag', async () => {
    const made = await makeSweep({ endpoint: { status: 'disabled' } });
    await made.sweep();
    expect(made.events).toMatchObject([{ kind: 'swept', paused: 0 }]);
    made.append({ value: 1 }, { value: 2 });
    made.events.length = 0;
    for (const endpoints of ['all disabled', 'none']) {
      if (endpoints === 'none') await made.groups.deleteEndpoint(groupRef, 'e1');
      expect(await made.sweep()).toMatchObject({ wakes: 0 });
      expect(made.events.splice(0)).toMatchObject([
        { kind: 'paused', topic: 'orders', group: 'billing', records: 2 },
        { kind: 'swept', paused: 1, failures: 0 },
      ]);
    }
    expect(made.calls).not.toContain('batches.floor');
  });

  it('counts as lag what can still be read, and wakes nobody for the rest', async () => {
    const made = await makeSweep();
    for (let value = 0; value < 4; value += 1) made.append({ value });
    await made.trim(3);
    made.rig.pass(1000);
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
    expect(made.events.find(({ kind }) => kind === 'lag')).toMatchObject({ records: 1, oldestMs: 1000 });
    await made.trim(4);
    made.events.length = 0;
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    expect(made.events.map(({ kind }) => kind)).not.toContain('lag');
  });

  it('tells how old the oldest record is that waits, though it is archived', async () => {
    const made = await makeSweep();
    made.append({ value: 0 });
    made.rig.pass(60_000);
    made.append({ value: 1 });
    made.append({ value: 2 });
    await made.archive(2);
    made.rig.pass(60_000);
    const due = new ArchiveDue({ ...made, options: archiveDefaults });
    const queue = { send: async () => undefined };
    await made.sweep({ archive: { ...made, due, queue } });
    expect(made.events.find(({ kind }) => kind === 'lag')).toMatchObject({ records: 3, oldestMs: 120_000 });
  });

  it('looks for each end from where it was last, and reads no batch where nothing came', async () => {
    const made = await makeSweep();
    const asked: unknown[] = [];
    const end: typeof made.batches.end = (at, query) => {
      asked.push({ partition: at.partition, ...query });
      return made.batches.end(at, query);
    };
    const ends = new PartitionEnds({ end });
    made.append({ value: 1 }, { value: 2 });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      expect(await made.sweep({ ends })).toMatchObject({ wakes: 1 });
      expect(asked.splice(0)).toEqual([
        { partition: 0, from: sweeps === 0 ? 0 : 2, consistent: false },
        { partition: 1, from: 0, consistent: false },
      ]);
    }
    made.append({ value: 3 });
    await made.sweep({ ends });
    expect(made.events.findLast(({ kind }) => kind === 'lag')).toMatchObject({ records: 3 });
  });

  it('finds what waits in the midst of the last batch, where no batch begins after the cursor', async () => {
    const made = await makeSweep();
    made.append({ value: 1 }, { value: 2 }, { value: 3 });
    made.rig.answer = () => answered(200, { body: '{"ack":{"offset":1}}' });
    await made.deliver();
    made.takeWakes();
    expect(await made.cursor()).toMatchObject({ committed: 1 });
    made.rig.pass(900_000);
    for (const ends of [new PartitionEnds(made.batches), made.sweepDeps.ends])
      expect(await made.sweep({ ends })).toMatchObject({ wakes: 1 });
    expect(made.events.findLast(({ kind }) => kind === 'lag')).toMatchObject({ records: 2 });
  });

  it('says when it could not do all of it', async () => {
    const made = await makeSweep();
    made.groups.list = () => Promise.reject(new Error('broken'));
    await expect(made.sweep()).rejects.toThrow('broken');
    expect(made.events).toMatchObject([{ kind: 'swept', failures: 1 }]);
  });

  it('sweeps every topic though one fails, and then throws', async () => {
    const made = await makeSweep();
    const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
    for (const name of ['a', 'z']) await made.topics.create({ name, topicId: `t-${name}`, ...settings });
    made.append({ value: 1 });
    const list = made.groups.list.bind(made.groups);
    made.groups.list = (topicId) => (topicId === 't-a' ? Promise.reject(new Error('broken')) : list(topicId));
    await expect(made.sweep()).rejects.toThrow('broken');
    expect(made.takeWakes()).toMatchObject([{ wake: { topicId: groupRef.topicId } }]);
  });

  it('pages through more topics than one page holds', async () => {
    const made = await makeSweep();
    const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
    for (let index = 0; index < 250; index += 1)
      await made.topics.create({ name: `a${index}`, topicId: `a${index}`, ...settings });
    made.append({ value: 1 });
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });

  it.each(['end', 'floor'] as const)(
    'is kept by no partition from another, nor from telling the lag: one whose %s is throttled',
    async (method) => {
      const made = await makeSweep({ group: { startOffsets: [0, 0] } });
      made.append({ value: 'hot' });
      const [hot] = made.batches.table.batches({ topicId: 't1', partition: 0 });
      const now = made.clock.now();
      if (hot) made.batches.table.put({ topicId: 't1', partition: 1 }, hot, now, now);
      made.rig.pass(5000);
      const batches = new Proxy(made.batches, {
        get: (store, name) => {
          const value: unknown = Reflect.get(store, name, store);
          if (typeof value !== 'function') return value;
          return (ref: PartitionRef, ...more: unknown[]) =>
            name === method && ref.partition === 0
              ? Promise.reject(new ThrottledError('hot'))
              : Reflect.apply(value, store, [ref, ...more]);
        },
      });
      await expect(made.sweep({ batches, ends: new PartitionEnds(batches) })).rejects.toThrow('hot');
      expect(made.takeWakes()).toMatchObject(
        method === 'end'
          ? [{ wake: { partition: 1 } }]
          : [{ wake: { partition: 0 } }, { wake: { partition: 1 } }],
      );
      expect(made.events.find(({ kind }) => kind === 'lag')).toMatchObject({ oldestMs: 5000 });
    },
  );

  it('wakes before it tells anything of the lag', async () => {
    const made = await makeSweep();
    made.append({ value: 1 });
    await made.sweep();
    const { calls } = made;
    expect(calls.indexOf('queue.send')).toBeLessThan(calls.indexOf('batches.floor'));
    expect(calls).toEqual(expect.arrayContaining(['queue.send', 'batches.floor']));
  });

  it('writes down what is to be removed of a topic that was marked as deleted and no more', async () => {
    const made = await makeSweep();
    const closed: PartitionRef[] = [];
    const appender = { close: async (at: PartitionRef) => void closed.push(at) };
    await markDeleted(made.sweepDeps, 'orders', 't1');
    await made.sweep({ appender });
    expect(closed).toHaveLength(2);
    expect(await made.topics.get('orders')).toBeUndefined();
    expect(await made.removals.list('topic', { limit: 9 })).toMatchObject([
      { id: 't1', partitions: 2, requestedAt: made.clock.now(), closedAt: made.clock.now() },
    ]);
  });

  it('costs a topic one request, and with groups one more for each partition and group', async () => {
    const made = await makeSweep();
    await made.sweep();
    expect(made.calls).toEqual(['groups.list', 'batches.end', 'batches.end', 'cursors.list']);
    made.calls.length = 0;
    await made.groups.delete(groupRef, 'g1');
    await made.sweep();
    expect(made.calls).toEqual(['groups.list']);
  });
});
