import { describe, expect, test } from 'vitest';
import type { ArchiveTask } from '../../lib/domain/archive/archive-tasks.ts';
import { keyHashOf } from '../../lib/domain/archive/erasures.ts';
import { call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = '/v1/topics/orders/records';

/** A topic of three partitions, of which two have records; an archiver that does what `archive` says of each task. */
const makeWorld = async (
  archive: (world: World, task: ArchiveTask, erasureId: string) => Promise<void> = async () => undefined,
) => {
  const tasks: ArchiveTask[] = [];
  const archiveQueue = {
    send: async (sent: readonly ArchiveTask[]) => {
      tasks.push(...sent);
      const [erasure] = await world.stores.erasures.list();
      for (const task of sent) await archive(world, task, erasure?.erasureId ?? '');
    },
  };
  const world = await newWorld(() => ({ archiveQueue }));
  await withTopic(world, 3);
  for (const partition of [0, 2]) await produce(world, [{ partition, key: 'k 1', value: 1 }]);
  return { world, tasks };
};

describe('an erasure', () => {
  test('is answered with what it did, where that is soon done', async () => {
    const { world, tasks } = await makeWorld(async ({ stores }, { topicId, partition }, erasureId) =>
      stores.erasures.note({ topicId, erasureId }, partition, { erased: partition + 1, isDone: true }),
    );
    const answer = await call(world, `DELETE ${path}?key=k%201`);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      topic: 'orders',
      status: 'done',
      erased: 4,
      partitions: { done: 3, of: 3 },
    });
    expect(tasks.map(({ topic, partition }) => [topic, partition])).toEqual([
      ['orders', 0],
      ['orders', 2],
    ]);
    // The key is not kept.
    const [stored] = await world.stores.erasures.list();
    expect(stored?.keyHash).toBe(keyHashOf('k 1'));
    expect(JSON.stringify(stored)).not.toContain('k 1');
  });

  test('goes on where it takes longer, and can be looked at', async () => {
    const { world } = await makeWorld();
    const answer = await call(world, `DELETE ${path}?key=a&waitSeconds=0`);
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ status: 'running', erased: 0, partitions: { done: 1, of: 3 } });
    const { id } = answer.json as { id: string };
    expect((await call(world, `GET /v1/topics/orders/erasures/${id}`)).json).toEqual(answer.json);
    expect((await call(world, 'GET /v1/topics/orders/erasures')).json).toEqual({ erasures: [answer.json] });
    expectProblem(await call(world, 'GET /v1/topics/orders/erasures/other'), 404, 'not_found');
  });

  test('is of nothing in an empty topic', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    expect((await call(world, `DELETE ${path}?key=a`)).json).toMatchObject({ status: 'done', erased: 0 });
  });

  test.each([
    ['', /which key/],
    ['?key=a&key=b', /once/],
    [`?key=${'x'.repeat(1025)}`, /1024 bytes/],
    ['?key=a&offset=1', /Unknown query parameter/],
    ['?key=a&waitSeconds=x', /whole number/],
    // Else it would be that of another key: of the character that stands for what cannot be decoded.
    ['?waitSeconds=0&key=%ff', /UTF-8/],
    ['?waitSeconds=0&key=100%', /%25/],
  ])('is refused with %s', async (query, message) => {
    const { world } = await makeWorld();
    const problem = expectProblem(await call(world, `DELETE ${path}${query}`), 400, 'invalid_request');
    expect(JSON.stringify(problem)).toMatch(message);
    expect(await world.stores.erasures.list()).toEqual([]);
  });

  test('is refused where records stay out of the archive, and while the topic is being deleted', async () => {
    const world = await newWorld();
    await call(world, 'PUT /v1/topics/orders', { json: { archive: false } });
    const problem = expectProblem(await call(world, `DELETE ${path}?key=a`), 409, 'conflict');
    expect(problem['detail']).toContain('"archive": true');
  });

  test('is for admin keys alone', async () => {
    const { world } = await makeWorld();
    for (const scope of ['produce', 'consume', 'groups'] as const) {
      const key = await world.key({ scopes: [scope] });
      expectProblem(await call(world, `DELETE ${path}?key=a`, { key }), 403, 'forbidden');
    }
  });
});
