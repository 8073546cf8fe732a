import { describe, expect, test } from 'vitest';
import type { LoggedAttempt } from '../../../lib/domain/delivery/attempts.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing';

const withGroup = async (mode = 'push'): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  expect((await call(world, `PUT ${path}`, { json: { mode } })).status).toBe(201);
  return world;
};

/** Logs an attempt of the group, as a delivery does, this long ago. */
const log = async (world: World, agoMs: number, more: Partial<LoggedAttempt> = {}): Promise<void> => {
  const [subscription] = await world.stores.groups.list(
    (await world.stores.topics.get('orders'))?.topicId ?? '',
  );
  await world.stores.attempts.put(subscription?.group.groupId ?? '', {
    attemptId: `id-${agoMs}`,
    at: world.clock.now() - agoMs,
    partition: 3,
    endpointId: 'e1',
    messageId: 'g-3-10-12',
    from: 10,
    to: 12,
    records: 2,
    attempt: 4,
    outcome: 'outage',
    ms: 12.5,
    request: 'webhook-id: g-3-10-12',
    ...more,
  });
};

const list = (world: World, query = ''): Promise<Answer> => call(world, `GET ${path}/attempts${query}`);
const idsIn = ({ json }: Answer): readonly string[] =>
  (json['attempts'] as readonly { readonly id: string }[]).map(({ id }) => id);
const ids = async (world: World, query = ''): Promise<readonly string[]> => idsIn(await list(world, query));

describe('the attempts of a group', () => {
  test('are shown whole', async () => {
    const world = await withGroup();
    const more = { status: 503, reason: 'The endpoint answered 503.', answer: 'no room', omitted: 7 };
    await log(world, 1000, more);
    expect((await list(world)).json).toEqual({
      attempts: [
        {
          id: 'id-1000',
          at: '2026-03-01T11:59:59.000Z',
          partition: 3,
          endpoint: 'e1',
          messageId: 'g-3-10-12',
          from: 10,
          to: 12,
          records: 2,
          attempt: 4,
          outcome: 'outage',
          durationMs: 12.5,
          request: 'webhook-id: g-3-10-12',
          ...more,
        },
      ],
    });
  });

  test('are found by endpoint, outcome and time, newest first', async () => {
    const world = await withGroup();
    await log(world, 4000, { outcome: 'acknowledged' });
    await log(world, 3000, { outcome: 'refusal', endpointId: 'e2' });
    await log(world, 2000);
    expect(await ids(world)).toEqual(['id-2000', 'id-3000', 'id-4000']);
    expect(await ids(world, '?outcome=refusal')).toEqual(['id-3000']);
    expect(await ids(world, '?outcome=failed')).toEqual(['id-2000', 'id-3000']);
    expect(await ids(world, '?outcome=acknowledged')).toEqual(['id-4000']);
    expect(await ids(world, '?endpoint=e2')).toEqual(['id-3000']);
    expect(await ids(world, '?endpoint=e2&outcome=outage')).toEqual([]);
    expect(await ids(world, '?from=2026-03-01T11:59:57Z&to=2026-03-01T11:59:58Z')).toEqual(['id-3000']);
    expect(await ids(world, '?from=2026-03-01T12:59:57%2B01:00')).toEqual(['id-2000', 'id-3000']);
  });

  test('come a page at a time', async () => {
    const world = await withGroup();
    for (let number = 1; number <= 5; number += 1) await log(world, number * 1000);
    const pages: (readonly string[])[] = [];
    for (let query = '?limit=2'; ; ) {
      const page = await list(world, query);
      pages.push(idsIn(page));
      if (page.json['nextCursor'] === undefined) break;
      query = `?limit=2&cursor=${page.json['nextCursor']}`;
    }
    expect(pages).toEqual([['id-1000', 'id-2000'], ['id-3000', 'id-4000'], ['id-5000']]);
  });

  test('are shown for seven days, whatever the store still has', async () => {
    const world = await withGroup();
    await log(world, limits.attemptKeptMs);
    await log(world, limits.attemptKeptMs + 1);
    expect(await ids(world)).toEqual([`id-${limits.attemptKeptMs}`]);
    expect(await ids(world, '?from=2026-01-01T00:00:00Z')).toEqual([`id-${limits.attemptKeptMs}`]);
    world.clock.advance(1);
    expect(await ids(world)).toEqual([]);
  });

  test('are those of the group that stands, and of none that had the name before', async () => {
    const world = await withGroup();
    await log(world, 1000);
    await call(world, `DELETE ${path}`);
    expectProblem(await list(world), 404, 'group_not_found');
    expect((await call(world, `PUT ${path}`, { json: { mode: 'push' } })).status).toBe(201);
    expect(await ids(world)).toEqual([]);
  });

  test.each(['pull', 'shared'])('are none of a group of mode %s', async (mode) => {
    expect((await list(await withGroup(mode))).json).toEqual({ attempts: [] });
  });

  test.each([
    ['outcome=lost', 'outcome'],
    ['outcome=', 'outcome'],
    ['from=yesterday', 'from'],
    ['to=2026-03-01', 'to'],
    ['limit=0', 'limit'],
    ['cursor=', 'cursor'],
    ['cursor=abc', 'cursor'],
    [`cursor=${Buffer.from('5/a/b').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('-5/a').toString('base64url')}`, 'cursor'],
    ['offset=5', 'offset'],
  ])('are not asked for by ?%s', async (query, parameter) => {
    const problem = expectProblem(await list(await withGroup(), `?${query}`), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ path: parameter }]);
  });

  test('are no more in a page than the limit', async () => {
    const problem = expectProblem(await list(await withGroup(), '?limit=501'), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'listAttempts', maximum: 500 });
  });

  test('of the largest page fit into what a function may answer', async () => {
    const world = await withGroup();
    const long = '"'.repeat(1024);
    for (let number = 1; number <= limits.listAttempts; number += 1)
      await log(world, number, { request: long, answer: long, reason: long });
    const answer = await list(world, `?limit=${limits.listAttempts}`);
    expect(idsIn(answer)).toHaveLength(limits.listAttempts);
    // It is once more escaped there.
    expect(JSON.stringify(answer.text).length).toBeLessThan(limits.functionAnswerBytes);
  });
});
