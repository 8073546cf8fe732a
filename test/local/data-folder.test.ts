import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { hashKey, keyIdOf } from '../../lib/auth/keys.ts';
import { openDataFolder, StartError } from '../../lib/local/data-folder.ts';
import { establishRootKey } from '../../lib/local/root-key.ts';
import { startRuntime } from '../../lib/local/runtime.ts';
import { MemoryKeyStore } from '../../lib/stores/memory/keys.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
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

test.each([
  ['in which the system lets nothing be made', () => '/proc/x', 'nothing can be made there (ENOENT)'],
  ['that is a file', () => file(), 'it is a file (EEXIST)'],
  ['below a file', () => join(file(), 'x'), 'a part of its path is a file (ENOTDIR)'],
  ['that is a link to nothing', () => link('nothing'), 'nothing can be made there (ENOENT)'],
  ['that is a link to itself', () => link('link'), 'its links lead in a circle (ELOOP)'],
  [
    'whose name is too long',
    () => join(temporaryFolder(), 'a'.repeat(300)),
    'its name is too long (ENAMETOOLONG)',
  ],
])('a path %s is refused with its name, the reason and the setting to change', (_what, make, reason) => {
  const path = make();
  expect(() => openDataFolder(path)).toThrow(
    new StartError(
      `The data folder ${path} cannot be used: ${reason}. Choose another with MILLRACE_DATA_DIR.`,
    ),
  );
});

const file = (): string => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, '');
  return path;
};

const link = (to: string): string => {
  const path = join(temporaryFolder(), 'link');
  symlinkSync(to, path);
  return path;
};

test('a data folder is made with the folders above it', () => {
  const path = join(temporaryFolder(), 'a', 'b', 'c');
  openDataFolder(path).release();
  expect(rights(path)).toBe(0o700);
});

const start = (folder: string) => startRuntime({ folder, port: 0, telemetry: noTelemetry });

test('a data folder that is damaged is named with what is damaged in it and what can be done', async () => {
  const folder = temporaryFolder();
  await (await start(folder)).stop();
  const damages = [
    ['millrace.db', /Put back a copy/],
    ['lock', /delete it if no broker uses this folder/],
    ['keyring', /Put back a copy of it/],
  ] as const;
  for (const [spoiled, remedy] of damages) {
    const copy = join(temporaryFolder(), 'copy');
    cpSync(folder, copy, { recursive: true });
    writeFileSync(join(copy, spoiled), 'this is something else\n'.repeat(400));
    const failure: unknown = await start(copy).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    const { message } = failure as StartError;
    expect(message).toContain(`The data folder ${copy} is damaged: ${join(copy, spoiled)} cannot be read`);
    expect(message).toMatch(remedy);
    expect(message).not.toContain('\n');
  }
});

test('the database, in which the secrets of endpoints are, can be read by its owner alone', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'millrace.db');
  writeFileSync(file, '', { mode: 0o644 });
  const runtime = await start(folder);
  expect(['', '-wal', '-shm'].map((end) => rights(`${file}${end}`))).toEqual([0o600, 0o600, 0o600]);
  await runtime.stop();
});

test('the keys that secrets are sealed by are in a file for its owner alone, which stays as it is', async () => {
  const folder = temporaryFolder();
  await (await start(folder)).stop();
  const file = join(folder, 'keyring');
  expect(rights(file)).toBe(0o600);
  const first = readFileSync(file, 'utf8');
  await (await start(folder)).stop();
  expect(readFileSync(file, 'utf8')).toBe(first);
});

test('a data folder of a later version is refused, and left as it is', async () => {
  const folder = temporaryFolder();
  await (await start(folder)).stop();
  const file = join(folder, 'millrace.db');
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version = 1000');
  later.close();
  await expect(start(folder)).rejects.toThrow(
    /written by a later version of Millrace \(layout 1000; .*Nothing was changed/,
  );
});

test('a data folder of the kind that came before the database is refused with how to keep its records', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'dynamodb'));
  const refusal = start(folder);
  await expect(refusal).rejects.toBeInstanceOf(StartError);
  await expect(refusal).rejects.toThrow(
    new RegExp(`of an older version .* in ${join(folder, 'dynamodb')}: .* To keep them, .*MILLRACE_DATA_DIR`),
  );
});

test('a kept root key that cannot be one is refused with its file, as one from the environment is', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'admin-key'), 'too short\n');
  const failure: unknown = await start(folder).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StartError);
  const { message } = failure as StartError;
  expect(message).toContain(`The root key in ${join(folder, 'admin-key')} must be 16 to 256 visible ASCII`);
  expect(message).not.toContain('too short');
});

test('a file of the data folder that cannot be read is named', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'admin-key'));
  await expect(start(folder)).rejects.toThrow(
    `The file ${join(folder, 'admin-key')} of the data folder cannot be used: it is a folder (EISDIR).`,
  );
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
    change: keys.change.bind(keys),
    delete: died,
  };
  await expect(establishRootKey(folder, 'second-root-key-002', { ...deps, keys: crashing })).rejects.toThrow(
    'died',
  );
  expect(await keys.list()).toHaveLength(2);
  await establishRootKey(folder, 'third-root-key-0003', deps);
  expect((await keys.list()).map((key) => key.keyId)).toEqual([keyIdOf(hashKey('third-root-key-0003'))]);
});
