import { beforeAll, expect, test } from 'vitest';
import { call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';
import { bodyRows, bombRows } from './bodies.ts';
import { requestRows } from './requests.ts';
import type { Row } from './row.ts';
import { shapeRows } from './shapes.ts';

let world: World;

beforeAll(async () => {
  world = await newWorld();
  await withTopic(world, 2);
  await produce(world, [{ value: 'there before', partition: 0 }]);
});

const ends = async (): Promise<unknown> =>
  ((await call(world, 'GET /v1/topics/orders/partitions')).json['partitions'] as { endOffset: number }[]).map(
    ({ endOffset }) => endOffset,
  );

const expectRefused = async ({ line, headers, body, status, code, told }: Row): Promise<void> => {
  const before = await ends();
  const answer = await call(world, line, {
    ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });
  const problem = expectProblem(answer, status, code);
  const errors = (problem['errors'] ?? []) as readonly { path: string; message: string }[];
  expect([problem['detail'], ...errors.map(({ path, message }) => `${path}: ${message}`)].join('\n')).toMatch(
    told,
  );
  // Whoever sends much nonsense does not get it back.
  expect(answer.text.length).toBeLessThan(10_000);
  expect(await ends()).toEqual(before);
};

test.each([...bodyRows, ...shapeRows].map((row) => [row.what, row] as const))(
  'records are refused whose body %s',
  (_what, row) => expectRefused(row),
);

test.each(requestRows.map((row) => [row.what, row] as const))('a request is refused: %s', (_what, row) =>
  expectRefused(row),
);

test('records are refused whose body is larger inside than it seems, or cannot be expanded', async () => {
  for (const row of bombRows()) await expectRefused(row);
});
