import { basename } from 'node:path';
import { KeyringFormatError, keyringText, newKeyring, parseKeyring } from '../secrets/keyring.ts';
import { fileKeyringStore } from '../stores/files/keyring.ts';
import type { KeyringStore } from '../stores/keyrings.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import { type DataFolder, damaged } from './data-folder.ts';

/**
 * The keyring of a data folder, made at its first start: what secrets are sealed by is not in the database, of which copies are
 * made.
 * @throws StartError when it is there and cannot be read.
 */
export const establishKeyring = async (
  { path, keyring }: Pick<DataFolder, 'path' | 'keyring'>,
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
): Promise<KeyringStore> => {
  const store = fileKeyringStore(keyring);
  await store.create(keyringText(newKeyring(random, clock.now())));
  try {
    parseKeyring(await store.read());
  } catch (error) {
    if (!(error instanceof KeyringFormatError)) throw error;
    const remedy = `Put back a copy of it: without, the secrets of endpoints cannot be opened. To begin with new ones, delete ${basename(keyring)} and register the endpoints anew.`;
    throw damaged(path, keyring, error, remedy);
  }
  return store;
};
