import { describe, expect, it } from 'vitest';
import { limits } from '../../../../lib/domain/limits.ts';
import type { RecordOutcome } from '../../../../lib/groups/pull/requests.ts';
import { makeRig, places, type RigOptions } from './rig.ts';

const sharedRig = ({ group, ...options }: RigOptions = {}) =>
  makeRig({ ...options, group: { mode: 'shared', ...group } });

const one = (offset: number, outcome: RecordOutcome['outcome'] = 'ack', delayMs?: number): RecordOutcome => ({
  partition: 0,
  from: offset,
  to: offset + 1,
  outcome,
  ...(delayMs !== undefined && { delayMs }),
});

const codeOf = async (request: Promise<unknown>): Promise<string> => {
  try {
    await request;
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe('a poll of a group whose members share the records', () => {
  it('hands each record to one member, of one partition too', async () => {
    const { append, poll } = await sharedRig();
    append(0, 5);
    expect(places(await poll('a', { maxRecords: 2 }))).toEqual(['0:0', '0:1']);
    expect(places(await poll('b', { maxRecords: 2 }))).toEqual(['0:2', '0:3']);
    expect(places(await poll('a'))).toEqual(['0:4']);
    expect(places(await poll('b'))).toEqual([]);
  });

  it('acknowledges each record by itself, and moves on over those that are done', async () => {
    const { append, poll, settle, cursor } = await sharedRig();
    append(0, 4);
    await poll('a', { maxRecords: 3 });
    await settle('a', one(1), one(2));
    expect(await cursor()).toMatchObject({ committed: 0 });
    await settle('a', one(0));
    expect(await cursor()).toMatchObject({ committed: 3 });
    expect((await cursor())?.runs).toBeUndefined();
    // The same again is done.
    await settle('a', one(1));
  });

  it('hands out again what was not acknowledged in time, and how often it was', async () => {
    const { append, poll, settle, pass } = await sharedRig({ reading: { ackTimeoutSeconds: 5 } });
    append(0, 3);
    await poll('a');
    await settle('a', one(1));
    pass(5001);
    const { records } = await poll('b');
    expect(places({ records })).toEqual(['0:0', '0:2']);
    expect(records.map(({ deliveries }) => deliveries)).toEqual([2, 2]);
    expect(await codeOf(settle('a', one(0)))).toBe('lease_lost');
    await settle('b', one(0), one(2));
  });

  it('gives back, at once or later, and keeps for longer', async () => {
    const { append, poll, settle, pass } = await sharedRig({
      reading: { ackTimeoutSeconds: 5, sessionTimeoutSeconds: 3600 },
    });
    append(0, 3);
    await poll('a');
    await settle('a', one(0, 'nack'), one(1, 'nack', 10_000));
    expect(places(await poll('b'))).toEqual(['0:0']);
    pass(4000);
    await settle('a', one(2, 'extend'));
    pass(4000);
    // What was given to b came back to be handed out.
    expect(places(await poll('a'))).toEqual(['0:0']);
    pass(2001);
    expect(places(await poll('b'))).toEqual(['0:1', '0:2']);
  });

  it('moves nothing by an outcome for what was not handed out, or is not held', async () => {
    const { append, poll, settle, cursor } = await sharedRig();
    append(0, 3);
    await poll('a', { maxRecords: 2 });
    const before = await cursor();
    expect(await codeOf(settle('a', one(0), one(2)))).toBe('not_handed_out');
    expect(await codeOf(settle('b', one(0)))).toBe('lease_lost');
    await poll('b', { maxRecords: 0 });
    expect(await codeOf(settle('b', one(0)))).toBe('lease_lost');
    expect(await codeOf(settle('a', { ...one(0), partition: 1 }))).toBe('partition_not_found');
    expect(await cursor()).toEqual(before);
  });

  it('takes what came with it along, in one write', async () => {
    const { append, poll, calls, cursor } = await sharedRig();
    append(0, 1);
    await poll('a');
    append(0, 1);
    calls.length = 0;
    const polled = await poll('a', { ack: { records: [one(0)] } });
    expect(places(polled)).toEqual(['0:1']);
    expect(calls.filter((call) => call === 'cursors.replace')).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 1 });
  });

  it('goes no further ahead than its bounds', async () => {
    const { append, poll, settle } = await sharedRig();
    for (let batch = 0; batch < 3; batch += 1) append(0, 1000);
    const got: string[] = [];
    for (;;) {
      const polled = places(await poll('a', { maxRecords: 1000 }));
      if (polled.length === 0) break;
      got.push(...polled);
    }
    expect(got).toHaveLength(limits.aheadRecords);
    await settle('a', { partition: 0, from: 0, to: 500, outcome: 'ack' });
    expect((await poll('a', { maxRecords: 1000 })).records).toHaveLength(500);
  });

  it('gives records of a member that died or left to others', async () => {
    const { append, poll, pass, leave } = await sharedRig({ reading: { sessionTimeoutSeconds: 10 } });
    append(0, 2);
    await poll('a', { maxRecords: 1 });
    await poll('b', { maxRecords: 1 });
    await leave('b');
    expect(places(await poll('c'))).toEqual(['0:1']);
    pass(10_000 + limits.memberSkewMs);
    expect(places(await poll('d'))).toEqual(['0:0', '0:1']);
  });

  it('gives a record that was handed out too often to the dead letters, once, and says why', async () => {
    const { append, poll, settle, pass, buried, told, cursor } = await sharedRig({
      reading: { ackTimeoutSeconds: 5, maxDeliveries: 2 },
    });
    append(0, 3);
    await poll('a', { maxRecords: 2 });
    await settle('a', one(0), one(1, 'nack'));
    await poll('a', { maxRecords: 1 });
    pass(5001);
    expect(places(await poll('a'))).toEqual(['0:2']);
    expect(buried).toHaveLength(1);
    expect(JSON.parse(buried[0]?.record.headersJson ?? '{}')).toMatchObject({
      'millrace-dead-reason': 'timeout',
      'millrace-dead-deliveries': '2',
      'millrace-dead-topic': 'orders',
      'millrace-dead-partition': '0',
      'millrace-dead-offset': '1',
      'millrace-dead-group': 'billing',
    });
    expect(await cursor()).toMatchObject({ committed: 2, deadLettered: 1 });
    expect(told).toMatchObject([{ type: 'record.dead_lettered', details: { offset: 1, deliveries: 2 } }]);
  });

  it('keeps what cannot be written to the dead letters, and goes on with the others', async () => {
    const { append, poll, settle, pass, buried, rig, cursor } = await sharedRig({
      reading: { maxDeliveries: 1, sessionTimeoutSeconds: 3600 },
    });
    const { bury } = rig;
    rig.bury = async () => {
      throw new Error('There is no such topic.');
    };
    append(0, 3);
    await poll('a', { maxRecords: 1 });
    await settle('a', one(0, 'nack'));
    expect(places(await poll('a'))).toEqual(['0:1', '0:2']);
    await settle('a', one(1), one(2));
    expect(await cursor()).toMatchObject({ committed: 0 });
    rig.bury = bury;
    pass(30_001);
    await poll('a');
    expect(buried).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 3, deadLettered: 1 });
  });

  it('tells a dead letter once more where whoever wrote it died before it was told', async () => {
    const { append, poll, settle, pass, buried, rig, told, cursor } = await sharedRig({
      reading: { maxDeliveries: 1, sessionTimeoutSeconds: 3600 },
    });
    const { tell } = rig;
    rig.tell = () => Promise.reject(new Error('It died.'));
    append(0, 1);
    await poll('a');
    await settle('a', one(0, 'nack'));
    expect(buried).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 0 });
    rig.tell = tell;
    pass(30_001);
    await poll('a');
    expect(buried).toHaveLength(1);
    expect(told).toMatchObject([{ type: 'record.dead_lettered', key: 'g1/t1/0/0' }]);
    expect(await cursor()).toMatchObject({ committed: 1, deadLettered: 1 });
  });

  it('drops what retention took, and counts what of it was not acknowledged', async () => {
    const { append, poll, settle, partitions, batches, cursor, told, pass } = await sharedRig({
      reading: { ackTimeoutSeconds: 5 },
    });
    for (let batch = 0; batch < 6; batch += 1) append(0);
    await poll('a', { maxRecords: 4 });
    await settle('a', one(1));
    await partitions.advance({ topicId: 't1', partition: 0 }, 'startOffset', 3);
    await batches.delete({ topicId: 't1', partition: 0 }, [0, 1, 2]);
    pass(5001);
    expect(places(await poll('a'))).toEqual(['0:3', '0:4', '0:5']);
    expect(await cursor()).toMatchObject({ committed: 3, lost: 2 });
    const details = { partition: 0, from: 0, to: 3, records: 2 };
    expect(told).toMatchObject([{ type: 'records.lost', topic: 'orders', group: 'billing', details }]);
  });

  it('hands out dead letters of a redrive, and takes their acknowledgement by their topic', async () => {
    const redrive = {
      redriveId: 'r1',
      deadTopicId: 'dead',
      ranges: { 0: [1, 3] as const },
      through: {},
      requestedAt: 0,
    };
    const { append, poll, settle, cursors } = await sharedRig({ group: { redrive } });
    append(0, 5, 'dead');
    const { records } = await poll('a');
    expect(records.map(({ topic, record }) => `${topic}:${record.offset}`)).toEqual([
      'orders.billing.dead:1',
      'orders.billing.dead:2',
    ]);
    await settle('a', { ...one(1), to: 3, topic: 'orders.billing.dead' });
    expect(await cursors.get({ groupId: 'g1', partition: 0, lane: 'r1' })).toMatchObject({ committed: 3 });
    expect(places(await poll('a'))).toEqual([]);
  });

  it('hands out all records to 16 members that ask at once, each once', async () => {
    const { append, poll } = await sharedRig();
    append(0, 160);
    const polled = await Promise.all(
      Array.from({ length: 16 }, (_none, member) => poll(`m${member}`, { maxRecords: 10 })),
    );
    const all = polled.flatMap(places);
    expect(new Set(all).size).toBe(160);
    expect(all).toHaveLength(160);
  });
});
