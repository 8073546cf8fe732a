import { describe, expect, it } from 'vitest';
import { AckTokens } from '../../lib/delivery/acks/token.ts';
import { heldAs } from '../../lib/domain/delivery/explicit-acks.ts';
import type { Run } from '../../lib/domain/groups/cursors.ts';
import { ownSecrets } from '../harness/secrets.ts';
import { seededRandom } from '../simulation/scheduler.ts';
import { call, expectProblem, newWorld, type World, withTopic } from './world.ts';

const groupPath = '/v1/topics/orders/groups/billing';

/** A group with a message of three records at its consumer, sent under epoch 4, and the token of that. */
const withMessage = async (): Promise<{
  world: World;
  token: string;
  runs: () => Promise<readonly Run[]>;
}> => {
  const world = await newWorld();
  await withTopic(world, 1);
  const created = await call(world, `PUT ${groupPath}`, {
    json: { mode: 'push', start: 'earliest', delivery: { ack: 'explicit', ordering: 'none' } },
  });
  expect(created.status).toBe(201);
  const topic = await world.stores.topics.get('orders');
  const topicId = topic?.topicId ?? '';
  const group = (await world.stores.groups.get({ topicId, group: 'billing' }))?.group;
  const groupId = group?.groupId ?? '';
  const sent = { start: 0, end: 3, epoch: 4, attempt: 1 };
  const run: Run = {
    start: 0,
    end: 3,
    state: 'held',
    by: heldAs(sent),
    until: 1,
    deliveries: 0,
    attempts: 0,
  };
  const ref = { groupId, partition: 0 };
  await world.stores.cursors.replace(ref, undefined, {
    ...{ committed: 0, epoch: 4, leaseUntil: 0, attempts: 0, retryAt: 0, runs: [run] },
    ...{ version: 1, writeId: 'w' },
  });
  const token = await new AckTokens(world.deps.secrets).sign({
    ...{ topicId, groupId, group: 'billing', partition: 0 },
    ...sent,
  });
  return { world, token, runs: async () => (await world.stores.cursors.get(ref))?.runs ?? [] };
};

const say = (world: World, token: string, json?: object) =>
  call(world, `POST /v1/acks/${token}`, { key: null, ...(json !== undefined && { json }) });

describe('POST /v1/acks/{token}', () => {
  it('acknowledges without a key and without a body, and wakes who delivers', async () => {
    const { world, token, runs } = await withMessage();
    expect((await say(world, token)).status).toBe(204);
    expect(await runs()).toEqual([]);
    expect(world.stores.wakes.receive().map(({ wake }) => wake)).toMatchObject([{ group: 'billing' }]);
    // The same again is done already.
    expect((await say(world, token, { outcome: 'ack' })).status).toBe(204);
  });

  it('acknowledges all but what failed, refuses a message, and gives more time', async () => {
    const { world, token, runs } = await withMessage();
    expect((await say(world, token, { outcome: 'extend', seconds: 3600 })).status).toBe(204);
    expect((await runs())[0]?.until).toBe(world.clock.now() + 3_600_000);
    expect((await say(world, token, { outcome: 'extend' })).status).toBe(204);
    expect((await runs())[0]?.until).toBe(world.clock.now() + 60_000);
    expect((await say(world, token, { failed: [1] })).status).toBe(204);
    expect(await runs()).toMatchObject([
      { start: 1, end: 2, state: 'held', reason: 'nack' },
      { start: 2, end: 3, state: 'acknowledged' },
    ]);
    const other = await withMessage();
    expect((await say(other.world, other.token, { outcome: 'nack', delaySeconds: 5 })).status).toBe(204);
    expect(await other.runs()).toMatchObject([
      { reason: 'nack', until: other.world.clock.now() + 5000, start: 0, end: 3 },
    ]);
  });

  it.each([
    [{ outcome: 'done' }, 'outcome'],
    [{ outcome: 'ack', delaySeconds: 1 }, 'delaySeconds'],
    [{ outcome: 'nack', offset: 1 }, 'offset'],
    [{ outcome: 'nack', failed: [1] }, 'failed'],
    [{ seconds: 1 }, 'seconds'],
    [{ outcome: 'extend', seconds: 43_201 }, 'seconds'],
    [{ offset: 1, failed: [1] }, 'failed'],
    [{ failed: [] }, 'failed'],
    [{ offset: -1 }, 'offset'],
    [{ offset: 0 }, 'offset'],
    [{ offset: 4 }, 'offset'],
    [{ failed: [3] }, 'failed'],
    [{ what: 1 }, 'what'],
  ])('refuses %j, and says where it is at fault', async (body, path) => {
    const { world, token, runs } = await withMessage();
    const before = await runs();
    const { errors } = expectProblem(await say(world, token, body), 400, 'invalid_request');
    expect(errors).toMatchObject([{ path }]);
    expect(await runs()).toEqual(before);
  });

  it('refuses what it did not sign: any bit another, cut, longer, of another broker or another message', async () => {
    const { world, token, runs } = await withMessage();
    const before = await runs();
    const [payload = '', signature = ''] = token.split('.');
    const fields = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
    const spliced = (index: number, value: unknown): string =>
      `${Buffer.from(JSON.stringify(fields.with(index, value))).toString('base64url')}.${signature}`;
    const elsewhere = new AckTokens(ownSecrets({ clock: world.clock, random: seededRandom(77) }));
    const theirs = await elsewhere.sign({
      ...{ topicId: 't', groupId: 'g', group: 'billing', partition: 0 },
      ...{ start: 0, end: 3, epoch: 4, attempt: 1 },
    });
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const flipped = [...token].flatMap((digit, at) =>
      digit === '.'
        ? []
        : [1, 2, 4, 8, 16, 32].map((bit) => {
            const other = digits[digits.indexOf(digit) ^ bit] ?? '';
            return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
          }),
    );
    const wrong = [
      ...flipped,
      ...[payload, `${payload}.`, `.${signature}`, token.slice(0, -1), `${token}A`, `${token}.`, `${token}=`],
      ...[2, 3, 4].map((index) => spliced(index, 'other')),
      ...[5, 6, 7, 8, 9].map((index) => spliced(index, 9)),
      ...[
        theirs,
        'x'.repeat(2000),
        'null',
        '%00',
        '..%2F',
        '%F0%9F%98%80',
        encodeURIComponent(token).replace('.', '%2E%2E'),
      ],
    ];
    for (const each of wrong) expectProblem(await say(world, each, { outcome: 'ack' }), 403, 'invalid_token');
    expect(await runs()).toEqual(before);
  });

  it('says that a message is not with its consumer any more, whatever the clock says', async () => {
    const { world, token } = await withMessage();
    world.clock.advance(30 * 86_400_000);
    expect((await say(world, token)).status).toBe(204);
    const other = await withMessage();
    expect((await say(other.world, other.token, { outcome: 'nack' })).status).toBe(204);
    expectProblem(await say(other.world, other.token), 409, 'lease_lost');
    const sought = await withMessage();
    await call(sought.world, `POST ${groupPath}/seek`, { json: { to: 'earliest' } });
    expectProblem(await say(sought.world, sought.token), 409, 'lease_lost');
    const gone = await withMessage();
    await call(gone.world, `DELETE ${groupPath}`);
    expectProblem(await say(gone.world, gone.token), 409, 'lease_lost');
  });

  it('loses none of many that come at once', async () => {
    const { world, token, runs } = await withMessage();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        say(world, token, index % 2 === 0 ? { outcome: 'extend', seconds: 60 + index } : { outcome: 'ack' }),
      ),
    );
    for (const { status } of answers) expect([204, 409]).toContain(status);
    expect(await runs()).toEqual([]);
  });
});
