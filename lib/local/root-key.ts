import { join } from 'node:path';
import { hashKey, keyIdOf, newKey, storedKey } from '../auth/keys.ts';
import { type ApiKey, rootKeyRule } from '../domain/keys.ts';
import type { KeyStore } from '../stores/keys.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import { readIfThere, StartError, writePrivately } from './data-folder.ts';

export interface RootKey {
  readonly key: string;
  readonly source: 'environment' | 'made' | 'kept';
}

/** A root key that is valid, as it is stored. */
export interface EstablishedRootKey extends RootKey {
  readonly stored: ApiKey;
}

const choose = (folder: string, given: string | undefined, random: Random): RootKey => {
  if (given !== undefined) return { key: given, source: 'environment' };
  const file = join(folder, 'admin-key');
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && kept !== '') {
    if (!rootKeyRule.pattern.test(kept))
      throw new StartError(
        `The root key in ${file} ${rootKeyRule.text}. Mend it, or delete the file: the next start makes a new key.`,
      );
    return { key: kept, source: 'kept' };
  }
  const key = newKey(random);
  writePrivately(file, `${key}\n`);
  return { key, source: 'made' };
};

/**
 * Makes sure that exactly one root key is valid: the one `given`, or else the one kept in the data folder, made there
 * if there is none. Every other key that was once the root is revoked. Their ids are written down before their keys
 * are stored, so that no crash leaves a root key that nobody remembers.
 * @throws StartError when the kept one cannot be a key.
 */
export const establishRootKey = async (
  folder: string,
  given: string | undefined,
  deps: { keys: KeyStore; clock: Clock; random: Random },
): Promise<EstablishedRootKey> => {
  const root = choose(folder, given, deps.random);
  const id = keyIdOf(hashKey(root.key));
  const file = join(folder, 'root-key-ids');
  const former = (readIfThere(file) ?? '').split('\n').filter((line) => line !== '' && line !== id);
  writePrivately(file, [...former, id, ''].join('\n'));
  const stored = storedKey(root.key, { name: 'root', scopes: ['admin'] }, deps.clock.now());
  await deps.keys.establish(stored);
  for (const other of former) await deps.keys.delete(other);
  writePrivately(file, `${id}\n`);
  return { ...root, stored };
};
