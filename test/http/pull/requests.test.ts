import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { call, expectProblem } from '../world.ts';
import { newRoom, type Room } from './room.ts';

const wholeNumber = /whole number/;
const aPartition = /Name partitions by their numbers/;
const oneForm = /"offsets" in a group of mode "pull", or "records" in one of mode "shared", and not both/;
const range = /"offset" for one record, or "from" and "to"/;

/** A consumer that is valid, and more. */
const a = (more: object): object => ({ consumerId: 'a', ...more });
const of = (...records: readonly object[]): object => ({ records });
const one = { partition: 0, offset: 0 };

type Row = readonly [line: string, body: unknown, path: string, told: RegExp];

const consumers: readonly Row[] = ['poll', 'ack', 'nack', 'leave'].flatMap((verb): Row[] => {
  const rest = verb === 'ack' || verb === 'nack' ? { offsets: { 0: 0 } } : {};
  return [
    [verb, rest, 'consumerId', /missing/],
    [verb, { consumerId: null, ...rest }, 'consumerId', /a string/],
    [verb, { consumerId: 7, ...rest }, 'consumerId', /a string/],
    [verb, { consumerId: '', ...rest }, 'consumerId', /A name is 1 to 128/],
    [verb, { consumerId: 'a/b', ...rest }, 'consumerId', /A name is/],
    [verb, { consumerId: '.a', ...rest }, 'consumerId', /A name is/],
    [verb, { consumerId: 'a'.repeat(129), ...rest }, 'consumerId', /nameLength/],
    [verb, a({ ...rest, member: 1 }), 'member', /Unknown field/],
    [verb, [], '', /an object/],
    [verb, 'a', '', /an object/],
    [verb, null, '', /an object/],
  ];
});

/** What is by partition, wherever it stands. */
const byPartition = (line: string, path: string, within: (map: unknown) => object): readonly Row[] => [
  [line, a(within([])), path, /an object/],
  [line, a(within('0')), path, /an object/],
  [line, a(within({ x: 1 })), `${path}.x`, aPartition],
  [line, a(within({ '-1': 1 })), `${path}.-1`, aPartition],
  [line, a(within({ '01': 1 })), `${path}.01`, aPartition],
  [line, a(within({ '1e1': 1 })), `${path}.1e1`, aPartition],
  [line, a(within({ '10000': 1 })), `${path}.10000`, aPartition],
  [line, a(within(JSON.parse('{"__proto__":1}'))), path, /cannot be used/],
  [line, a(within({ 0: -1 })), `${path}.0`, wholeNumber],
  [line, a(within({ 0: 0.5 })), `${path}.0`, wholeNumber],
  [line, a(within({ 0: '1' })), `${path}.0`, wholeNumber],
  [line, a(within({ 0: null })), `${path}.0`, wholeNumber],
  [line, a(within({ 0: 2 ** 53 })), `${path}.0`, wholeNumber],
];

const maps: readonly Row[] = [
  ...byPartition('poll', 'ack.offsets', (offsets) => ({ ack: { offsets } })),
  ...byPartition('poll', 'epochs', (epochs) => ({ epochs })),
  ...byPartition('poll', 'positions', (positions) => ({ positions })),
  ...byPartition('ack', 'offsets', (offsets) => ({ offsets })),
  ...byPartition('ack', 'epochs', (epochs) => ({ offsets: {}, epochs })),
  ...byPartition('nack', 'offsets', (offsets) => ({ offsets })),
  ...byPartition('nack', 'epochs', (epochs) => ({ offsets: {}, epochs })),
];

const outcomes = (line: string, path: string, within: (given: object) => object): readonly Row[] => {
  const first = `${path}[0]`;
  const delayed = line === 'nack' ? {} : { outcome: 'nack' };
  const row = (record: unknown, at: string, told: RegExp): Row => [
    line,
    a(within({ records: [record] })),
    at,
    told,
  ];
  return [
    [line, a(within({ records: {} })), path, /a list/],
    [
      line,
      a(within(of(...Array.from({ length: 1001 }, () => one)))),
      path,
      /1000 at most \(limit pollRecords\)/,
    ],
    row({ offset: 0 }, `${first}.partition`, wholeNumber),
    row({ partition: '0', offset: 0 }, `${first}.partition`, wholeNumber),
    row({ partition: limits.partitionsPerTopic, offset: 0 }, `${first}.partition`, /partitionsPerTopic/),
    row({ partition: 0 }, first, range),
    row({ partition: 0, from: 0 }, first, range),
    row({ partition: 0, to: 1 }, first, range),
    row({ partition: 0, from: 1, to: 1 }, first, range),
    row({ partition: 0, from: 2, to: 1 }, first, range),
    row({ partition: 0, offset: 0, from: 0, to: 1 }, first, range),
    row({ partition: 0, offset: 0, to: 1 }, first, range),
    row({ partition: 0, offset: -1 }, `${first}.offset`, wholeNumber),
    row({ partition: 0, from: 0, to: 1.5 }, `${first}.to`, wholeNumber),
    row({ ...one, topic: 'a/b' }, `${first}.topic`, /A name is/),
    row({ ...one, outcome: 'done' }, `${first}.outcome`, /"ack", "nack" or "extend"/),
    row({ ...one, outcome: null }, `${first}.outcome`, /"ack", "nack" or "extend"/),
    row({ ...one, ...delayed, delaySeconds: -1 }, `${first}.delaySeconds`, /from 0 to 43200/),
    row({ ...one, ...delayed, delaySeconds: 43201 }, `${first}.delaySeconds`, /limit nackDelaySeconds/),
    row({ ...one, ...delayed, delaySeconds: '1' }, `${first}.delaySeconds`, /seconds/),
    row({ ...one, outcome: 'ack', delaySeconds: 1 }, `${first}.delaySeconds`, /"nack" alone/),
    row({ ...one, outcome: 'extend', delaySeconds: 1 }, `${first}.delaySeconds`, /"nack" alone/),
    row({ ...one, deliveries: 1 }, `${first}.deliveries`, /Unknown field/),
    row(7, first, /an object/),
  ];
};

const forms: readonly Row[] = [
  ['poll', a({ ack: {} }), 'ack', oneForm],
  ['poll', a({ ack: { offsets: {}, records: [] } }), 'ack', oneForm],
  ['poll', a({ ack: { 0: 1 } }), 'ack.0', /Unknown field/],
  ['poll', a({ ack: null }), 'ack', /an object/],
  ['poll', a({ ack: { offsets: {}, consumerId: 'a' } }), 'ack.consumerId', /Unknown field/],
  ['ack', a({}), '', oneForm],
  ['ack', a({ offsets: {}, records: [] }), '', oneForm],
  ['ack', a({ offsets: {}, delaySeconds: 1 }), 'delaySeconds', /Unknown field/],
  ['ack', a({ records: [{ ...one, delaySeconds: 1 }] }), 'records[0].delaySeconds', /"nack" alone/],
  ['nack', a({}), '', oneForm],
  ['nack', a({ offsets: {}, records: [] }), '', oneForm],
  ['nack', a({ offsets: {}, delaySeconds: -1 }), 'delaySeconds', /from 0 to 43200/],
  ['nack', a({ offsets: {}, delaySeconds: 43201 }), 'delaySeconds', /nackDelaySeconds/],
  ['leave', a({ offsets: {} }), 'offsets', /Unknown field/],
];

const ranges: readonly Row[] = [
  ['poll', a({ maxRecords: -1 }), 'maxRecords', /from 0 to 1000 \(limit pollRecords\)/],
  ['poll', a({ maxRecords: 1001 }), 'maxRecords', /limit pollRecords/],
  ['poll', a({ maxRecords: 1.5 }), 'maxRecords', wholeNumber],
  ['poll', a({ maxRecords: '1' }), 'maxRecords', wholeNumber],
  ['poll', a({ maxRecords: null }), 'maxRecords', wholeNumber],
  ['poll', a({ maxBytes: 0 }), 'maxBytes', wholeNumber],
  ['poll', a({ maxBytes: limits.pollBytes + 1 }), 'maxBytes', /limit pollBytes/],
  ['poll', a({ waitSeconds: -1 }), 'waitSeconds', /from 0 to 20/],
  ['poll', a({ waitSeconds: 20.1 }), 'waitSeconds', /limit pollWaitSeconds/],
  ['poll', a({ waitSeconds: '1' }), 'waitSeconds', /seconds/],
];

const positions: readonly Row[] = [
  ['poll', a({ positions: { 0: 1 } }), 'epochs', /Give the epoch of each partition that has a position/],
  ['poll', a({ positions: { 0: 1 }, epochs: {} }), 'epochs', /Give the epoch/],
  ['poll', a({ positions: { 0: 1, 1: 1 }, epochs: { 0: 1, 2: 1 } }), 'epochs', /Give the epoch/],
];

const rows: readonly Row[] = [
  ...positions,
  ...consumers,
  ...forms,
  ...ranges,
  ...maps,
  ...outcomes('poll', 'ack.records', (given) => ({ ack: given })),
  ...outcomes('ack', 'records', (given) => given),
  ...outcomes('nack', 'records', (given) => given),
];

let room: Room;
beforeAll(async () => {
  room = await newRoom();
});

const shown = (body: unknown): string => JSON.stringify(body).slice(0, 90);

describe('what consumers ask is refused, with the field and what to give:', () => {
  test.each(rows.map(([line, body, path, told]) => [line, shown(body), path, body, told] as const))(
    '%s %s, at %j',
    async (line, _shown, path, body, told) => {
      const problem = expectProblem(
        await call(room.world, `POST /v1/topics/orders/groups/workers/${line}`, { json: body }),
        400,
        'invalid_request',
      );
      const errors = problem['errors'] as readonly { path: string; message: string }[];
      expect(errors.map((error) => error.path)).toContain(path);
      expect(errors.find((error) => error.path === path)?.message).toMatch(told);
      expect(await room.world.stores.members.list(room.groupId)).toEqual([]);
    },
  );

  test.each(['poll', 'ack', 'nack', 'leave'])('%s with what is no JSON, or none at all', async (verb) => {
    const line = `POST /v1/topics/orders/groups/workers/${verb}`;
    const headers = { 'content-type': 'application/json' };
    expectProblem(await call(room.world, line, { body: '{', headers }), 400, 'invalid_request');
    expectProblem(await call(room.world, line, { body: '', headers }), 400, 'invalid_request');
    expectProblem(await call(room.world, line, { body: '{}' }), 415, 'unsupported_media_type');
    expectProblem(await call(room.world, line), 415, 'unsupported_media_type');
    const long = a({ offsets: { 0: 0 }, epochs: 'x'.repeat(limits.acknowledgementBytes) });
    const problem = expectProblem(await call(room.world, line, { json: long }), 413, 'too_large');
    expect(problem).toMatchObject({ limit: 'acknowledgementBytes', maximum: limits.acknowledgementBytes });
    expectProblem(await call(room.world, `${line}?wait=1`, { json: a({}) }), 400, 'invalid_request');
  });
});

describe('what consumers ask of what is not there:', () => {
  const bodies = {
    poll: a({}),
    ack: a({ offsets: { 0: 0 } }),
    nack: a({ offsets: { 0: 0 } }),
    leave: a({}),
  };

  test.each(Object.entries(bodies))('%s', async (verb, json) => {
    const { world } = room;
    const of = (topic: string, group: string): string => `POST /v1/topics/${topic}/groups/${group}/${verb}`;
    expectProblem(await call(world, of('others', 'workers'), { json }), 404, 'topic_not_found');
    expectProblem(await call(world, of('orders', 'others'), { json }), 404, 'group_not_found');
    expectProblem(await call(world, of('orders', 'a%20b'), { json }), 404, 'group_not_found');
  });

  test.each(Object.entries(bodies))('%s, of a group that is pushed', async (verb, json) => {
    const { world } = room;
    await call(world, 'PUT /v1/topics/orders/groups/hooks', { json: { mode: 'push' } });
    const answer = await call(world, `POST /v1/topics/orders/groups/hooks/${verb}`, { json });
    expect(expectProblem(answer, 400, 'invalid_request')['detail']).toMatch(/mode "push"/);
  });

  test.each(['ack', 'nack'] as const)('%s of a partition that the topic does not have', async (verb) => {
    const { ask } = await newRoom();
    await ask('poll', a({}));
    expectProblem(await ask(verb, a({ offsets: { 1: 0 } })), 404, 'partition_not_found');
  });

  test('an acknowledgement with a poll, of a partition that the topic does not have', async () => {
    const { ask } = await newRoom();
    expectProblem(await ask('poll', a({ ack: { offsets: { 1: 0 } } })), 404, 'partition_not_found');
  });
});

test('as many records as may be acknowledged at once, with the longest names, are a body that is taken', async () => {
  const { ask } = await newRoom();
  const name = 'n'.repeat(limits.nameLength);
  const from = Number.MAX_SAFE_INTEGER - 1;
  const record = {
    topic: name,
    partition: 1023,
    from,
    to: from + 1,
    outcome: 'nack',
    delaySeconds: 43_199.999,
  };
  const records = Array.from({ length: limits.pollRecords }, () => record);
  const epochs = Object.fromEntries(Array.from({ length: limits.partitionsPerTopic }, (_, at) => [at, from]));
  const answer = await ask('ack', { consumerId: name, records, epochs });
  // It was read, and is not for a group of this mode.
  expect(expectProblem(answer, 400, 'invalid_request')['detail']).toMatch(/is of mode "pull"/);
});
