import { describe, expect, test } from 'vitest';
import { type Answer, call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = 'POST /v1/topics/orders/records';

const producer = (epoch: number | string, seq: number | string, id = 'till-7'): Record<string, string> => ({
  'producer-id': id,
  'producer-epoch': String(epoch),
  'producer-seq': String(seq),
});

const send = (
  world: World,
  headers: Readonly<Record<string, string>>,
  records: readonly unknown[] = [{ partition: 0, value: 1 }],
): Promise<Answer> => call(world, path, { json: { records }, headers });

const offsetOf = ({ json }: Answer): unknown => (json['results'] as readonly { offset: number }[])[0]?.offset;

const topicOf = async (partitions: number): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, partitions);
  return world;
};

describe('a producer that numbers its appends', () => {
  test('has each written once, and told the same when it comes again', async () => {
    const world = await topicOf(2);
    const first: Answer[] = [];
    for (let seq = 0; seq < 5; seq += 1) first.push(await send(world, producer(0, seq)));
    expect(first.map(offsetOf)).toEqual([0, 1, 2, 3, 4]);
    world.clock.advance(1_234);
    for (let seq = 0; seq < 5; seq += 1) {
      const again = await send(world, producer(0, seq));
      expect(again.json).toEqual(first[seq]?.json);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
  });

  test('is told where an append is only as long as that is remembered, and otherwise that it is there', async () => {
    const world = await topicOf(1);
    for (let seq = 0; seq < 7; seq += 1) await send(world, producer(0, seq));
    expect(offsetOf(await send(world, producer(0, 2)))).toBe(2);
    expectProblem(await send(world, producer(0, 1)), 409, 'sequence_forgotten');
  });

  test('is refused what leaves a gap, and told what is expected', async () => {
    const world = await topicOf(1);
    const early = await send(world, producer(0, 3));
    expect(expectProblem(early, 409, 'sequence_gap')).toMatchObject({ expectedSeq: 0, receivedSeq: 3 });
    await send(world, producer(0, 0));
    const gap = await send(world, producer(0, 2));
    expect(expectProblem(gap, 409, 'sequence_gap')).toMatchObject({ expectedSeq: 1, receivedSeq: 2 });
    expect(gap.headers.get('producer-expected-seq')).toBe('1');
    expect(gap.headers.get('producer-received-seq')).toBe('2');
    expect(offsetOf(await send(world, producer(0, 1)))).toBe(1);
  });

  test('ends the epoch before by beginning another', async () => {
    const world = await topicOf(1);
    await send(world, producer(3, 0));
    await send(world, producer(3, 1));
    expectProblem(await send(world, producer(4, 2)), 409, 'sequence_gap');
    expect(offsetOf(await send(world, producer(4, 0)))).toBe(2);
    const stale = await send(world, producer(3, 2));
    expect(expectProblem(stale, 403, 'producer_fenced')).toMatchObject({ currentEpoch: 4 });
    expect(stale.headers.get('producer-epoch')).toBe('4');
    expectProblem(await send(world, producer(3, 1)), 403, 'producer_fenced');
  });

  test('counts in each partition by itself, and beside other producers', async () => {
    const world = await topicOf(2);
    const to = (partition: number) => [{ partition, value: 1 }];
    expect(offsetOf(await send(world, producer(0, 0), to(0)))).toBe(0);
    expect(offsetOf(await send(world, producer(0, 0), to(1)))).toBe(0);
    expect(offsetOf(await send(world, producer(0, 0, 'other'), to(0)))).toBe(1);
    expect(offsetOf(await send(world, producer(0, 1), to(0)))).toBe(2);
  });

  test('is known after fifty others, of whom no batch has room for all', async () => {
    const world = await topicOf(1);
    const ids = Array.from({ length: 50 }, (_, index) => `till-${index}`);
    for (const id of ids) await send(world, producer(0, 0, id));
    for (const id of ids) {
      expect((await send(world, producer(0, 0, id))).headers.get('idempotency-replayed')).toBe('true');
      expect((await send(world, producer(0, 1, id))).status).toBe(200);
      expectProblem(await send(world, producer(0, 3, id)), 409, 'sequence_gap');
    }
  });

  test('may send the next before the last is answered', async () => {
    const world = await topicOf(1);
    const answers = await Promise.all([0, 1, 2, 3].map((seq) => send(world, producer(0, seq))));
    expect(answers.map(offsetOf)).toEqual([0, 1, 2, 3]);
  });

  test('is refused other records by the same number', async () => {
    const world = await topicOf(1);
    await send(world, producer(0, 0));
    const answer = await send(world, producer(0, 0), [{ partition: 0, value: 2 }]);
    expectProblem(answer, 422, 'idempotency_mismatch');
  });

  test('may leave the partition to the keys of records, if all are of one', async () => {
    const world = await topicOf(4);
    const keyed = [
      { key: 'a', value: 1 },
      { key: 'a', value: 2 },
    ];
    expect((await send(world, producer(0, 0), keyed)).status).toBe(200);
    for (const records of [
      [{ value: 1 }],
      [
        { partition: 0, value: 1 },
        { partition: 1, value: 1 },
      ],
    ]) {
      const problem = expectProblem(await send(world, producer(0, 1), records), 400, 'invalid_request');
      expect(problem['errors']).toMatchObject([{ path: 'Producer-Seq' }]);
    }
  });

  test.each([
    ['Producer-Epoch', { 'producer-id': 'a', 'producer-seq': '0' }],
    ['Producer-Id', { 'producer-epoch': '0', 'producer-seq': '0' }],
    ['Producer-Seq', { 'producer-epoch': '0', 'producer-id': 'a' }],
    ['Producer-Seq', producer(0, '-1')],
    ['Producer-Seq', producer(0, '1.5')],
    ['Producer-Epoch', producer('01', 0)],
    ['Producer-Epoch', producer('9007199254740993', 0)],
    ['Producer-Id', producer(0, 0, '')],
    ['Idempotency-Key', { ...producer(0, 0), 'idempotency-key': 'k' }],
  ])('is told that %s is wrong in %o', async (name, headers) => {
    const answer = await send(await topicOf(1), headers);
    expect(expectProblem(answer, 400, 'invalid_request')['errors']).toMatchObject([{ path: name }]);
  });
});

describe('lines that a producer numbers', () => {
  const lines = (length: number): string =>
    Array.from({ length: 900 }, (_, index) =>
      JSON.stringify({ partition: 0, value: `${index}${'x'.repeat(length)}` }),
    ).join('\n');
  const sendLines = (world: World, body: string, seq: number): Promise<Answer> =>
    call(world, path, { body, headers: { ...producer(0, seq), 'content-type': 'application/x-ndjson' } });

  test('are one append, whatever they take before they are compressed', async () => {
    const world = await topicOf(1);
    const first = await sendLines(world, lines(1_000), 0);
    expect(first.status).toBe(200);
    expect((await sendLines(world, lines(1_000), 0)).json).toEqual(first.json);
    const { json } = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0&limit=1000');
    const values = (json['records'] as readonly { value: string }[]).map(({ value }) =>
      Number.parseInt(value, 10),
    );
    expect(values).toEqual(Array.from({ length: 900 }, (_, index) => index));
  });

  test('are refused where one append cannot hold them', async () => {
    const world = await topicOf(1);
    const noise = Array.from({ length: 4 }, () =>
      JSON.stringify({
        partition: 0,
        valueBase64: Buffer.from(world.deps.random.bytes(150_000)).toString('base64'),
      }),
    );
    expectProblem(await sendLines(world, noise.join('\n'), 0), 413, 'too_large');
    expect((await sendLines(world, noise[0] ?? '', 0)).status).toBe(200);
  });
});
