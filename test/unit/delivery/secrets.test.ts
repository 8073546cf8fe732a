import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../lib/delivery/deliver.ts';
import type { DeliverDeps } from '../../../lib/delivery/deps.ts';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import { asSigningKey } from '../../../lib/domain/groups/signing-keys.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { keyringText, newKeyring, withNewKey } from '../../../lib/secrets/keyring.ts';
import { isSealed, sealingKeyId } from '../../../lib/secrets/sealing.ts';
import { Secrets } from '../../../lib/secrets/secrets.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';
import { groupRef, makeRig, secret } from './rig.ts';

const token = 'Bearer of-a-secret';

/** A rig whose endpoint was stored by a version that sealed nothing, with a topic for sweeps to find it. */
const makePlain = async () => {
  const made = await makeRig();
  await made.groups.deleteEndpoint(groupRef, 'e1');
  await made.groups.putEndpoint(groupRef, {
    endpointId: 'e2',
    url: 'https://hooks.example.com/',
    secrets: [secret],
    headers: { authorization: token },
    status: 'enabled',
    createdAt: 0,
  });
  await made.topics.create({
    name: 'orders',
    topicId: 't1',
    partitions: 1,
    retentionHours: null,
    archive: false,
    createdAt: 0,
  });
  let keyring = newKeyring(random, 0);
  const keyrings = { read: async () => keyringText(keyring) };
  const secrets = new Secrets({ keyrings, clock: made.deps.clock, random });
  const deps = { ...made.deps, secrets };
  const { topics, partitions, removals, schemas, sweepPlaces, members, paces } = made;
  const stores = { topics, partitions, removals, schemas, sweepPlaces, members, paces };
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const ends = new PartitionEnds(deps.batches);
  let messages = 0;
  return {
    ...made,
    deps,
    run: (other: DeliverDeps = deps) => {
      messages += 1;
      const run = { messageIds: [`m${messages}`], remainingMs: () => 120_000 } as const;
      return deliver(other, wakeFor(made.group, 0, 'append').wake, run);
    },
    sweep: () => sweep({ ...deps, ...stores, ends, appender }, { remainingMs: () => 240_000 }),
    rotate: () => {
      keyring = withNewKey(keyring, random, 1);
      made.rig.pass(3_600_000);
      return keyring[0].id;
    },
    lose: () => {
      keyring = newKeyring(random, 2);
      made.rig.pass(3_600_000);
    },
    endpoint: async (): Promise<Endpoint> => {
      const [endpoint] = (await made.groups.get(groupRef))?.endpoints ?? [];
      if (endpoint === undefined) throw new Error('There is no endpoint.');
      return endpoint;
    },
  };
};

const textsOf = ({ secrets, headers = {} }: Endpoint): string[] => [
  ...secrets.map((key) => asSigningKey(key).secret),
  ...Object.values(headers),
];

describe('an endpoint that an older version stored in plain', () => {
  it('is sealed by the first sweep, which later ones leave alone, and called alike before and after', async () => {
    const made = await makePlain();
    made.append({ value: 1 });
    await made.run();
    await made.sweep();
    const sealed = await made.endpoint();
    expect(textsOf(sealed).map(isSealed)).toEqual([true, true]);
    expect(JSON.stringify(sealed)).not.toContain(secret.slice(6));
    expect(sealed.version).toBe(2);
    await made.sweep();
    expect(await made.endpoint()).toEqual(sealed);
    made.append({ value: 2 });
    await made.run();
    expect(made.sent).toHaveLength(2);
    for (const { headers, body } of made.sent) {
      expect(headers['authorization']).toBe(token);
      const at = Number(headers['webhook-timestamp']);
      const signature = new Webhook(secret).sign(
        headers['webhook-id'] ?? '',
        new Date(at * 1000),
        String(body),
      );
      expect(headers['webhook-signature']).toBe(signature);
    }
  });
});

it('a key that signs no more is let go by the next sweep', async () => {
  const made = await makePlain();
  const until = made.deps.clock.now() + 1000;
  await made.groups.updateEndpoint(groupRef, await made.endpoint(), {
    secrets: [secret, { secret: 'whsec_b2xkIHNlY3JldCBvZiAyNCBieXRlcw==', until }],
  });
  await made.sweep();
  expect((await made.endpoint()).secrets).toEqual([
    expect.stringMatching(/^sealed:/),
    { secret: expect.stringMatching(/^sealed:/), until },
  ]);
  made.rig.pass(1000);
  await made.sweep();
  expect((await made.endpoint()).secrets).toEqual([expect.stringMatching(/^sealed:/)]);
});

describe('after a rotation', () => {
  it('a sweep seals everything by the new key, and what was stored before is still opened', async () => {
    const made = await makePlain();
    await made.sweep();
    const before = textsOf(await made.endpoint()).map(sealingKeyId);
    const newest = made.rotate();
    expect(before).not.toContain(newest);
    made.append({ value: 1 });
    await made.run();
    expect(made.sent).toHaveLength(1);
    await made.sweep();
    expect(textsOf(await made.endpoint()).map(sealingKeyId)).toEqual([newest, newest]);
    made.append({ value: 2 });
    await made.run();
    expect(made.sent.at(-1)?.headers['authorization']).toBe(token);
  });
});

describe('where the keyring lost the key', () => {
  it('nothing is sent, the run fails with the id of the key, and the endpoint is not blamed', async () => {
    const made = await makePlain();
    await made.sweep();
    const sealed = await made.endpoint();
    const keyId = sealingKeyId(textsOf(sealed)[0] ?? '');
    made.lose();
    made.append({ value: 1 });
    const failure: unknown = await made.run().catch((error: unknown) => error);
    expect(failure).toMatchObject({ cause: { name: 'UnknownDataKeyError', keyId } });
    expect(made.sent).toEqual([]);
    await expect(made.sweep()).rejects.toMatchObject({ name: 'UnknownDataKeyError', keyId });
    expect(await made.endpoint()).toEqual(sealed);
  });
});

it('secrets are opened once for each version of an endpoint', async () => {
  const made = await makePlain();
  await made.sweep();
  let opens = 0;
  const { secrets } = made.deps;
  const counting = Object.create(secrets) as Secrets;
  counting.open = (...given) => {
    opens += 1;
    return secrets.open(...given);
  };
  const deps = { ...made.deps, secrets: counting };
  for (let count = 0; count < 3; count += 1) {
    made.append({ value: count });
    await made.run(deps);
  }
  expect([made.sent.length, opens]).toEqual([3, 2]);
  await made.groups.updateEndpoint(groupRef, await made.endpoint(), { description: 'x' });
  made.deps.memory?.subscriptions.forget(groupRef);
  made.append({ value: 3 });
  await made.run(deps);
  expect(opens).toBe(4);
});
