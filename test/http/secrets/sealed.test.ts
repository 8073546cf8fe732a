import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import { asSigningKey } from '../../../lib/domain/groups/signing-keys.ts';
import { OpenedEndpoints } from '../../../lib/secrets/endpoint-secrets.ts';
import { keyringText } from '../../../lib/secrets/keyring.ts';
import { isSealed } from '../../../lib/secrets/sealing.ts';
import { Secrets } from '../../../lib/secrets/secrets.ts';
import { simulatedKeyring } from '../../harness/secrets.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';
const url = 'https://example.com/hook';
const token = 'Bearer of-a-secret-that-is-long-enough';

const withGroup = async (world: World): Promise<World> => {
  await withTopic(world, 1);
  await call(world, 'PUT /v1/topics/orders/groups/billing', { json: { mode: 'push', start: 'earliest' } });
  return world;
};

const refOf = async (world: World) => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  return { topicId, group: 'billing' };
};

const stored = async (world: World): Promise<Endpoint> => {
  const [endpoint] = (await world.stores.groups.get(await refOf(world)))?.endpoints ?? [];
  if (endpoint === undefined) throw new Error('There is no endpoint.');
  return endpoint;
};

const opened = async (world: World) => {
  const { topicId } = await refOf(world);
  return new OpenedEndpoints().of(world.deps.secrets, { topicId, name: 'billing' }, await stored(world));
};

const everyText = ({ secrets, headers = {} }: Endpoint): string[] => [
  ...secrets.map((key) => asSigningKey(key).secret),
  ...Object.values(headers),
];

describe('what is stored of an endpoint', () => {
  test('has its secret and its headers sealed, from the first on and after each change', async () => {
    const world = await withGroup(await newWorld());
    const given = { url, headers: { authorization: token, 'x-tenant': 'a b' } };
    const { json } = await call(world, `POST ${path}`, { json: given });
    const first = await stored(world);
    expect(everyText(first).map(isSealed)).toEqual([true, true, true]);
    expect(await opened(world)).toEqual({ secrets: [json['secret']], headers: given.headers });

    const headers = { authorization: `${token}-2` };
    await call(world, `PATCH ${path}/${json['id']}`, { json: { headers } });
    expect(everyText(await stored(world)).map(isSealed)).toEqual([true, true]);
    expect(await opened(world)).toEqual({ secrets: [json['secret']], headers });
    for (const text of [JSON.stringify(first), JSON.stringify(await stored(world))])
      for (const hidden of [token, String(json['secret']).slice(6), 'a b'])
        expect(text).not.toContain(hidden);
  });

  test('is sealed by any change where an older version stored it in plain', async () => {
    const world = await withGroup(await newWorld());
    const plain = { secrets: ['whsec_b2xkIHNlY3JldCBvZiAyNCBieXRlcw=='], headers: { authorization: token } };
    const endpoint = { endpointId: 'e', url, status: 'enabled', createdAt: 0, ...plain } as const;
    await world.stores.groups.putEndpoint(await refOf(world), endpoint);
    expect(await opened(world)).toEqual(plain);
    expect((await call(world, `PATCH ${path}/e`, { json: { description: 'x' } })).status).toBe(200);
    expect(everyText(await stored(world)).map(isSealed)).toEqual([true, true]);
    expect(await opened(world)).toEqual(plain);
  });
});

test('nothing is stored while there is no keyring, and it is tried again', async () => {
  let read = (): Promise<string> => Promise.reject(new Error('There is no keyring.'));
  const keyrings = { read: () => read() };
  const world = await withGroup(
    await newWorld(({ clock, random }) => ({ secrets: new Secrets({ keyrings, clock, random }) })),
  );
  const refused = await call(world, `POST ${path}`, { json: { url } });
  expectProblem(refused, 500, 'internal');
  expect((await world.stores.groups.get(await refOf(world)))?.endpoints).toEqual([]);
  read = async () => keyringText(simulatedKeyring);
  expect((await call(world, `POST ${path}`, { json: { url } })).status).toBe(201);
});
