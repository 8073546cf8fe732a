import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashKey, keyIdOf } from '../../lib/auth/keys.ts';
import { openDataFolder, StartError } from '../../lib/local/data-folder.ts';
import { establishRootKey } from '../../lib/local/root-key.ts';
import { MemoryKeyStore } from '../../lib/stores/memory/keys.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const rights = (path: string): number => statSync(path).mode & 0o777;

test('a data folder belongs to one process, and the refusal says whose it is and what to do', () => {
  const path = join(temporaryFolder(), 'data');
  const first = openDataFolder(path);
  expect(() => openDataFolder(path)).toThrow(StartError);
  expect(() => openDataFolder(path)).toThrow(
    new RegExp(`in use by process ${process.pid}.*MILLRACE_DATA_DIR`, 's'),
  );
  first.release();
  openDataFolder(path).release();
});

test('a holder that left without a word does not keep the folder', () => {
  const path = temporaryFolder();
  writeFileSync(join(path, 'lock.holder'), 'process 1, started long ago\n');
  openDataFolder(path).release();
});

test('a path that cannot be a folder is refused with the setting to change', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => openDataFolder(file)).toThrow(/cannot be used.*MILLRACE_DATA_DIR/s);
});

test('the root key is made once, kept where its owner alone can read it, and is an admin key', async () => {
  const folder = temporaryFolder();
  const deps = { keys: new MemoryKeyStore(), clock: systemClock, random: systemRandom };
  const made = await establishRootKey(folder, undefined, deps);
  const kept = await establishRootKey(folder, undefined, deps);
  expect([made.source, kept.source]).toEqual(['made', 'kept']);
  expect(kept.key).toBe(made.key);
  expect(rights(join(folder, 'admin-key'))).toBe(0o600);
  expect(readFileSync(join(folder, 'root-key-ids'), 'utf8')).not.toContain(made.key);
  expect(await deps.keys.list()).toMatchObject([{ keyId: keyIdOf(hashKey(made.key)), scopes: ['admin'] }]);
});

test('a root key file that others could read is closed to them when it is written again', async () => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'root-key-ids'), '');
  chmodSync(join(folder, 'root-key-ids'), 0o644);
  const deps = { keys: new MemoryKeyStore(), clock: systemClock, random: systemRandom };
  await establishRootKey(folder, 'a-root-key-of-my-own', deps);
  expect(rights(join(folder, 'root-key-ids'))).toBe(0o600);
});

test('another root key revokes every root key before it, also one whose start did not get to the end', async () => {
  const folder = temporaryFolder();
  const keys = new MemoryKeyStore();
  const deps = { keys, clock: systemClock, random: systemRandom };
  await establishRootKey(folder, 'first-root-key-0001', deps);
  const died = () => Promise.reject(new Error('the process died here'));
  const crashing = {
    put: keys.put.bind(keys),
    establish: keys.establish.bind(keys),
    get: keys.get.bind(keys),
    list: keys.list.bind(keys),
    delete: died,
  };
  await expect(establishRootKey(folder, 'second-root-key-002', { ...deps, keys: crashing })).rejects.toThrow(
    'died',
  );
  expect(await keys.list()).toHaveLength(2);
  await establishRootKey(folder, 'third-root-key-0003', deps);
  expect((await keys.list()).map((key) => key.keyId)).toEqual([keyIdOf(hashKey('third-root-key-0003'))]);
});
