import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileKeyringStore } from '../../lib/stores/files/keyring.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-keyring-'));
  path = join(folder, 'keyring');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rights = (): number => statSync(path).mode & 0o777;
const theirs = (mine: string): string => mine;

it('is created once, for its owner alone, and read as it was stored', async () => {
  const store = fileKeyringStore(path);
  expect(await store.create('first')).toBe(true);
  expect(await store.create('second')).toBe(false);
  expect(await store.read()).toBe('first');
  expect(rights()).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['keyring']);
});

it('is changed as a whole, for its owner alone', async () => {
  const store = fileKeyringStore(path);
  await store.create('first');
  await store.change((text) => `${text}, changed`, theirs);
  expect(await store.read()).toBe('first, changed');
  expect(rights()).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['keyring']);
});

it('stays as it is where the change fails', async () => {
  const store = fileKeyringStore(path);
  await store.create('first');
  const failing = store.change(() => {
    throw new Error('No.');
  }, theirs);
  await expect(failing).rejects.toThrow('No.');
  expect(await store.read()).toBe('first');
  expect(readdirSync(folder)).toEqual(['keyring']);
});

it('is not changed by two at the same time', async () => {
  const store = fileKeyringStore(path);
  await store.create('first');
  writeFileSync(`${path}.new`, '');
  await expect(store.change(() => 'second', theirs)).rejects.toThrow(/keyring\.new is there/);
  expect(await store.read()).toBe('first');
  expect(existsSync(`${path}.new`)).toBe(true);
});

it('that is not there is said to be missing, with its path', async () => {
  await expect(fileKeyringStore(path).read()).rejects.toThrow(`the file ${path} is not there`);
  await expect(fileKeyringStore(path).change(() => 'x', theirs)).rejects.toThrow('There is no keyring');
  expect(readdirSync(folder)).toEqual([]);
});
