import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../../lib/auth/authenticator.ts';
import { hashKey, keyIdOf, newKey, sameHash, storedKey } from '../../../lib/auth/keys.ts';
import type { ApiKey } from '../../../lib/domain/keys.ts';
import { MemoryKeyStore } from '../../../lib/stores/memory/keys.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const start = 1_000_000;

/** A key of the form that ours have. */
const keyOf = (name: string): string => `mr_${name.padEnd(43, '_')}`;

const world = async ({ maxEntries = 1000, root }: { maxEntries?: number; root?: string } = {}) => {
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
  const put = async (name: string, grant: Partial<ApiKey> = {}): Promise<void> => {
    await store.put({ ...storedKey(keyOf(name), { name: 'n', scopes: ['consume'] }, now), ...grant });
  };
  await put('good');
  const given = root === undefined ? {} : { root: storedKey(root, { name: 'root', scopes: ['admin'] }, now) };
  return {
    authenticator: new Authenticator({ keys, clock, maxEntries, ...given }),
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
    expect(await authenticator.authenticate(keyOf('good'))).toMatchObject({ hash: hashKey(keyOf('good')) });
    expect(await authenticator.authenticate(keyOf('Good'))).toBeUndefined();
    expect(await authenticator.authenticate('')).toBeUndefined();
  });

  test('is refused when only the beginning of its hash is that of a stored key', async () => {
    const { authenticator, put } = await world();
    const hash = hashKey(keyOf('mine'));
    const other = `${hash.slice(0, 63)}${hash.endsWith('0') ? '1' : '0'}`;
    await put('mine', { keyId: keyIdOf(hash), hash: other });
    expect(await authenticator.authenticate(keyOf('mine'))).toBeUndefined();
  });

  test('is looked up once in fifteen seconds, an unknown one in five', async () => {
    const { authenticator, reads, pass } = await world();
    for (let n = 0; n < 5; n += 1) await authenticator.authenticate(keyOf('good'));
    for (let n = 0; n < 5; n += 1) await authenticator.authenticate(keyOf('bad'));
    expect(reads()).toBe(2);
    pass(5_000);
    await authenticator.authenticate(keyOf('good'));
    await authenticator.authenticate(keyOf('bad'));
    expect(reads()).toBe(3);
    pass(10_000);
    await authenticator.authenticate(keyOf('good'));
    expect(reads()).toBe(4);
  });

  test.each([
    '',
    'x',
    'x'.repeat(513),
    'mr_',
    `mr_${'a'.repeat(42)}`,
    `mr_${'a'.repeat(44)}`,
    `MR_${'a'.repeat(43)}`,
    ` mr_${'a'.repeat(43)}`,
    `mr_${'a'.repeat(42)}+`,
    `mr_${'a'.repeat(43)}\n`,
    'a-root-key-of-before',
  ])('that has not the form of one is not even looked up: %j', async (presented) => {
    const { authenticator, reads } = await world({ root: 'a-root-key-of-my-own' });
    expect(await authenticator.authenticate(presented)).toBeUndefined();
    expect(reads()).toBe(0);
  });

  test.each(['a-root-key-of-my-own', keyOf('root')])(
    'that is the root key is known without the store, whatever its form: %s',
    async (root) => {
      const { authenticator, reads } = await world({ root });
      expect(await authenticator.authenticate(root)).toMatchObject({ name: 'root', scopes: ['admin'] });
      expect(reads()).toBe(0);
      expect(await authenticator.authenticate(keyOf('good'))).toMatchObject({ name: 'n' });
      expect(await authenticator.authenticate(`${root}x`)).toBeUndefined();
    },
  );

  test('is no longer good at its expiry', async () => {
    const { authenticator, put, pass } = await world();
    await put('short', { expiresAt: start + 1000 });
    expect(await authenticator.authenticate(keyOf('short'))).toBeDefined();
    pass(999);
    expect(await authenticator.authenticate(keyOf('short'))).toBeDefined();
    pass(1);
    expect(await authenticator.authenticate(keyOf('short'))).toBeUndefined();
  });
});

test('however many unknown keys are tried, only so many are remembered', async () => {
  const { authenticator, reads } = await world({ maxEntries: 10 });
  for (let n = 0; n < 100; n += 1) await authenticator.authenticate(keyOf(`bad-${n}`));
  expect(reads()).toBe(100);
  await authenticator.authenticate(keyOf('bad-99'));
  expect(reads()).toBe(100);
  await authenticator.authenticate(keyOf('bad-0'));
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
