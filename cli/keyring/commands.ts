import {
  type Keyring,
  keyringText,
  mostKeys,
  parseKeyring,
  withKeysOf,
  withNewKey,
} from '../../lib/secrets/keyring.ts';
import type { KeyringKeeper } from '../../lib/stores/keyrings.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';
import { CommandError } from '../failure.ts';

/** Its keys as lines, newest first: their ids and times, never themselves. */
export const listed = async (store: KeyringKeeper): Promise<string[]> =>
  parseKeyring(await store.read()).map(
    ({ id, createdAt }, at) => `${id}  ${new Date(createdAt).toISOString()}${at === 0 ? '  seals' : ''}`,
  );

/** Adds a key, which seals from now on, and gives its id. */
export const rotated = async (
  store: KeyringKeeper,
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
): Promise<string> => {
  let keyring: Keyring | undefined;
  await store.change(
    (text) => {
      const standing = parseKeyring(text);
      if (standing.length >= mostKeys)
        throw new CommandError(`The keyring has ${mostKeys} keys, as many as it may. Nothing was changed.`);
      keyring = withNewKey(standing, random, clock.now());
      return keyringText(keyring);
    },
    (mine, theirs) => keyringText(withKeysOf(parseKeyring(mine), parseKeyring(theirs))),
  );
  return keyring?.[0].id ?? '';
};
