import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../../lib/auth/authenticator.ts';
import { hashKey, keyIdOf, newKey, sameHash, storedKey } from '../../../lib/auth/keys.ts';
import type { ApiKey } from '../../../lib/domain/keys.ts';
import { MemoryKeyStore } from '../../../lib/stores/memory/keys.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const start = 1_000_000;

const world = async (maxEntries = 1000) => {
  let now = start;
  let reads = 0;
  const store = new MemoryKeyStore();
  const keys = {
    get: (keyId: string) => {
      reads += 1;
      return store.get(keyId);
    },
  };
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const put = async (presented: string, grant: Partial<ApiKey> = {}): Promise<void> => {
    await store.put({ ...storedKey(presented, { name: 'n', scopes: ['consume'] }, now), ...grant });
  };
  await put('good');
  return {
    authenticator: new Authenticator({ keys, clock, maxEntries }),
    put,
    reads: () => reads,
    pass: (ms: number) => {
      now += ms;
    },
  };
};

describe('a presented key', () => {
  test('is known by its hash', async () => {
    const { authenticator } = await world();
    expect(await authenticator.authenticate('good')).toMatchObject({ hash: hashKey('good') });
    expect(await authenticator.authenticate('Good')).toBeUndefined();
    expect(await authenticator.authenticate('')).toBeUndefined();
  });

  test('is refused when only the beginning of its hash is that of a stored key', async () => {
    const { authenticator, put } = await world();
    const hash = hashKey('mine');
    const other = `${hash.slice(0, 63)}${hash.endsWith('0') ? '1' : '0'}`;
    await put('mine', { keyId: keyIdOf(hash), hash: other });
    expect(await authenticator.authenticate('mine')).toBeUndefined();
  });

  test('is looked up once in fifteen seconds, an unknown one in five', async () => {
    const { authenticator, reads, pass } = await world();
    for (let n = 0; n < 5; n += 1) await authenticator.authenticate('good');
    for (let n = 0; n < 5; n += 1) await authenticator.authenticate('bad');
    expect(reads()).toBe(2);
    pass(5_000);
    await authenticator.authenticate('good');
    await authenticator.authenticate('bad');
    expect(reads()).toBe(3);
    pass(10_000);
    await authenticator.authenticate('good');
    expect(reads()).toBe(4);
  });

  test('that is too long for a key is not even looked up', async () => {
    const { authenticator, reads } = await world();
    expect(await authenticator.authenticate('x'.repeat(513))).toBeUndefined();
    expect(reads()).toBe(0);
  });

  test('is no longer good at its expiry', async () => {
    const { authenticator, put, pass } = await world();
    await put('short', { expiresAt: start + 1000 });
    expect(await authenticator.authenticate('short')).toBeDefined();
    pass(999);
    expect(await authenticator.authenticate('short')).toBeDefined();
    pass(1);
    expect(await authenticator.authenticate('short')).toBeUndefined();
  });
});

test('however many unknown keys are tried, only so many are remembered', async () => {
  const { authenticator, reads } = await world(10);
  for (let n = 0; n < 100; n += 1) await authenticator.authenticate(`bad-${n}`);
  expect(reads()).toBe(100);
  await authenticator.authenticate('bad-99');
  expect(reads()).toBe(100);
  await authenticator.authenticate('bad-0');
  expect(reads()).toBe(101);
});

test('a new key is mr_ and 32 random bytes, another each time', () => {
  const random = seededRandom(7);
  const keys = new Set(Array.from({ length: 100 }, () => newKey(random)));
  expect(keys.size).toBe(100);
  for (const key of keys) expect(Buffer.from(key.slice('mr_'.length), 'base64url')).toHaveLength(32);
});

test('hashes are the same only when they are', () => {
  const hash = hashKey('a');
  expect(sameHash(hash, hashKey('a'))).toBe(true);
  expect(sameHash(hash, hashKey('b'))).toBe(false);
  expect(sameHash(hash, hash.slice(0, 62))).toBe(false);
  expect(sameHash(hash, '')).toBe(false);
});
