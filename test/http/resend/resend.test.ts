import { describe, expect, test } from 'vitest';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const group = '/v1/topics/orders/groups/billing';

interface Made {
  readonly world: World;
  readonly path: string;
  readonly endpoint: string;
}

/** A topic of two partitions with five records in the first, and a group that is called. */
const make = async (): Promise<Made> => {
  const world = await newWorld();
  await withTopic(world, 2);
  await produce(
    world,
    [0, 1, 2, 3, 4].map((value) => ({ partition: 0, value })),
  );
  await call(world, `PUT ${group}`, { json: { mode: 'push' } });
  const made = await call(world, `POST ${group}/endpoints`, { json: { url: 'https://example.com/' } });
  queuedIn(world);
  return {
    world,
    endpoint: `${group}/endpoints/${made.json['id']}`,
    path: `${group}/endpoints/${made.json['id']}/resend`,
  };
};

/** Wakes of resends that are on the queue now, taken off it. */
const queuedIn = (world: World) => {
  world.clock.advance(10_000);
  return world.stores.wakes.receive().flatMap(({ wake, receipt }) => {
    world.stores.wakes.acknowledge(receipt);
    return wake.lane === undefined ? [] : [wake];
  });
};

const ask = ({ world, path }: Made, ...ranges: readonly object[]): Promise<Answer> =>
  call(world, `POST ${path}`, { json: { ranges } });
const range = { partition: 0, from: 1, to: 4 };

/** Moves the lane's cursor, as a run does that has sent what is below. */
const sendBelow = async ({ world }: Made, lane: unknown, committed: number, deadLettered = 0) => {
  const [subscription] = await world.stores.groups.list(
    (await world.stores.topics.get('orders'))?.topicId ?? '',
  );
  const ref = { groupId: subscription?.group.groupId ?? '', partition: 0, lane: String(lane) };
  const read = await world.stores.cursors.get(ref);
  const lease = { read, startOffset: 1, owner: 'o', leaseUntil: 1, pendingEnd: 4 };
  const { cursor } = await world.stores.cursors.acquire(ref, lease);
  const epoch = cursor?.epoch ?? 0;
  return {
    commit: () =>
      world.stores.cursors.commit(ref, {
        epoch,
        committed,
        leaseUntil: 0,
        ...(deadLettered > 0 && { deadLettered }),
      }),
    fail: (attempts: number, retryAt: number) =>
      world.stores.cursors.release(ref, {
        epoch,
        retry: { attempts, retryAt, pendingEnd: 4, lastFailure: 'Connection refused.' },
      }),
  };
};

describe('a resend', () => {
  test('is begun with a wake for each of its partitions, and shows what it is about', async () => {
    const made = await make();
    const answer = await ask(made, range);
    expect(answer.status).toBe(202);
    const partition = { ...range, next: 1, status: 'running', refused: 0, lost: 0 };
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}$/),
      requestedAt: expect.stringMatching(/^2026-/),
      status: 'running',
      records: 3,
      done: 0,
      left: 3,
      refused: 0,
      partitions: [partition],
    });
    expect(queuedIn(made.world)).toMatchObject([
      { kind: 'continue', group: 'billing', partition: 0, lane: answer.json['id'] },
    ]);
    expect((await call(made.world, `GET ${made.path}`)).json).toEqual(answer.json);
    const shown = await call(made.world, `GET ${made.endpoint}`);
    expect(shown.json).not.toHaveProperty('resend');
  });

  test('says how far it is, what was refused, and why it waits', async () => {
    const made = await make();
    const { json } = await ask(made, range);
    await (await sendBelow(made, json['id'], 3, 1)).commit();
    expect((await call(made.world, `GET ${made.path}`)).json).toMatchObject({
      status: 'running',
      done: 2,
      left: 1,
      refused: 1,
    });
    await (await sendBelow(made, json['id'], 3)).fail(2, made.world.clock.now() + 60_000);
    expect((await call(made.world, `GET ${made.path}`)).json).toMatchObject({
      status: 'running',
      partitions: [{ next: 3, attempts: 2, retryAt: expect.any(String), lastFailure: 'Connection refused.' }],
    });
    await (await sendBelow(made, json['id'], 3)).fail(10, 0);
    expect((await call(made.world, `GET ${made.path}`)).json).toMatchObject({ status: 'given-up', left: 1 });
    expect((await ask(made, { ...range, from: 3 })).json).toMatchObject({ status: 'running', records: 1 });
  });

  test('is one at a time: the same again is the one that there is, woken once more', async () => {
    const made = await make();
    const first = await ask(made, range);
    queuedIn(made.world);
    const again = await ask(made, range);
    expect([again.status, again.json['id']]).toEqual([202, first.json['id']]);
    expect(queuedIn(made.world)).toMatchObject([{ lane: first.json['id'] }]);
    expectProblem(await ask(made, { ...range, to: 5 }), 409, 'conflict');
    await (await sendBelow(made, first.json['id'], 4)).commit();
    expect((await call(made.world, `GET ${made.path}`)).json).toMatchObject({ status: 'done', left: 0 });
    const next = await ask(made, range);
    expect(next.status).toBe(202);
    expect(next.json['id']).not.toBe(first.json['id']);
  });

  test('of two that are asked for at once one begins', async () => {
    const made = await make();
    const answers = await Promise.all([ask(made, range), ask(made, { ...range, to: 5 })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
  });

  test('is ended, and forgotten', async () => {
    const made = await make();
    await ask(made, range);
    for (let time = 0; time < 2; time += 1)
      expect((await call(made.world, `DELETE ${made.path}`)).status).toBe(204);
    expectProblem(await call(made.world, `GET ${made.path}`), 404, 'not_found');
    expect((await ask(made, { ...range, to: 5 })).status).toBe(202);
  });

  test('moves nothing of the group', async () => {
    const made = await make();
    const before = await call(made.world, `GET ${group}`);
    const { json } = await ask(made, range);
    await (await sendBelow(made, json['id'], 3)).commit();
    const after = await call(made.world, `GET ${group}`);
    expect(after.json['partitions']).toEqual(before.json['partitions']);
  });

  test.each([
    [[{ partition: 0, from: 1, to: 6 }], 'ranges[0]', /ends at 5/],
    [[range, { partition: 2, from: 0, to: 1 }], 'ranges[1]', /has 2/],
    [[{ partition: 1, from: 0, to: 1 }], 'ranges[0]', /ends at 0/],
    [[{ partition: 0, from: 2, to: 2 }], 'ranges[0]', /exclusive/],
    [[range, range], 'ranges', /one range of each/],
    [[], 'ranges', /limit resendRanges/],
    [[{ ...range, offset: 1 }], 'ranges[0].offset', /Unknown/],
  ])('of %j is refused, and nothing begins', async (ranges, at, message) => {
    const made = await make();
    const problem = expectProblem(await ask(made, ...ranges), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) });
    expectProblem(await call(made.world, `GET ${made.path}`), 404, 'not_found');
  });

  test('of what retention took is refused', async () => {
    const made = await make();
    const topicId = (await made.world.stores.topics.get('orders'))?.topicId ?? '';
    await made.world.stores.partitions.advance({ topicId, partition: 0 }, 'startOffset', 2);
    const problem = expectProblem(await ask(made, range), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ message: expect.stringContaining('from offset 2') }]);
  });

  test('needs an endpoint that may be called', async () => {
    const made = await make();
    await call(made.world, `POST ${group}/pause`);
    expectProblem(await ask(made, range), 409, 'conflict');
    await call(made.world, `POST ${group}/resume`);
    await call(made.world, `PATCH ${made.endpoint}`, { json: { status: 'disabled' } });
    expectProblem(await ask(made, range), 409, 'conflict');
    const unknown = `${group}/endpoints/none/resend`;
    for (const method of ['GET', 'DELETE'])
      expectProblem(await call(made.world, `${method} ${unknown}`), 404, 'endpoint_not_found');
  });
});
