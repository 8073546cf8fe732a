import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { concurrently } from '../../lib/domain/concurrently.ts';
import { NotSentError, RefusedError } from '../../lib/domain/errors.ts';
import { fileObjectStore } from '../../lib/stores/files/objects.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

const body = new Uint8Array([1, 2, 3]);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('an object is a file of its name, and nobody else’s', async () => {
  const folder = join(temporaryFolder(), 'segments');
  await fileObjectStore(folder).put('topic=a.b/partition=0/1.parquet', body);
  expect(modeOf(join(folder, 'topic=a.b/partition=0/1.parquet'))).toBe(0o600);
  for (const made of ['', 'topic=a.b', 'topic=a.b/partition=0'])
    expect(modeOf(join(folder, made))).toBe(0o700);
});

test.each(['..', '../out', 'a/../../out', '/etc/out', 'a//b', '', 'a/', '.hidden', 'a\\b', 'a\0b'])(
  'no object has the name %j',
  async (name) => {
    const objects = fileObjectStore(join(temporaryFolder(), 'segments'));
    await expect(objects.put(name, body)).rejects.toBeInstanceOf(RefusedError);
    await expect(objects.read(name, { from: 0, to: 1 })).rejects.toBeInstanceOf(RefusedError);
    await expect(objects.delete([name])).rejects.toBeInstanceOf(RefusedError);
  },
);

test('what a process that was killed had begun to write is no object, and is cleared away', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.drafts'));
  writeFileSync(join(folder, '.drafts/1'), 'half');
  const objects = fileObjectStore(folder);
  expect(await objects.list({ limit: 10 })).toStrictEqual([]);
  await objects.put('a/1', body);
  expect(readdirSync(join(folder, '.drafts'))).toStrictEqual([]);
});

test('what else is in the folder is not listed and stays', async () => {
  const folder = temporaryFolder();
  const objects = fileObjectStore(folder);
  await objects.put('a/1', body);
  writeFileSync(join(folder, 'a/.DS_Store'), '');
  writeFileSync(join(folder, 'a/notes to myself'), '');
  symlinkSync('/', join(folder, 'everything'));
  expect((await objects.list({ limit: 10 })).map(({ name }) => name)).toStrictEqual(['a/1']);
  await objects.delete(['a/1']);
  expect(existsSync(join(folder, 'a/notes to myself'))).toBe(true);
});

test('folders that are empty after a deletion go with it, the store’s own stays', async () => {
  const folder = temporaryFolder();
  const objects = fileObjectStore(folder);
  for (const name of ['topic=a/partition=0/1', 'topic=a/partition=1/1']) await objects.put(name, body);
  await objects.delete(['topic=a/partition=0/1']);
  expect(readdirSync(join(folder, 'topic=a'))).toStrictEqual(['partition=1']);
  await objects.delete(['topic=a/partition=1/1']);
  expect(existsSync(folder)).toBe(true);
  expect(existsSync(join(folder, 'topic=a'))).toBe(false);
});

test('a deletion that clears a folder away does not get into the way of a put there', async () => {
  const folder = temporaryFolder();
  const objects = fileObjectStore(folder);
  // Four at a time, so that the folder is empty again and again while one is about to be put.
  const names = Array.from({ length: 400 }, (_, round) => `topic=a/partition=0/${round}`);
  await concurrently(4, names, async (name) => {
    await objects.put(name, body);
    expect(await objects.read(name, { from: 0, to: 3 })).toStrictEqual(body);
    await objects.delete([name]);
  });
  expect(await objects.list({ limit: 10 })).toStrictEqual([]);
});

test('a put that cannot be made stores nothing, and says so', async () => {
  const folder = temporaryFolder();
  const objects = fileObjectStore(folder);
  writeFileSync(join(folder, 'a'), 'a file where a folder should be');
  await expect(objects.put('a/1', body)).rejects.toBeInstanceOf(NotSentError);
  expect(readdirSync(join(folder, '.drafts'))).toStrictEqual([]);
});
