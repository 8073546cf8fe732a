import { type Keyring, keyringText, newKeyring } from '../../lib/secrets/keyring.ts';
import { Secrets } from '../../lib/secrets/secrets.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';

/** The same in each process of a simulation, and in each run. */
export const simulatedKeyring: Keyring = newKeyring(
  { number: () => 0, bytes: (count) => new Uint8Array(count).fill(7) },
  0,
);

/** Secrets by a keyring of their own, in memory. */
export const ownSecrets = ({
  clock = systemClock,
  random = systemRandom,
  keyring = newKeyring(random, 0),
}: {
  clock?: Pick<Clock, 'now' | 'monotonic'>;
  random?: Random;
  keyring?: Keyring;
} = {}): Secrets => {
  const text = keyringText(keyring);
  return new Secrets({ keyrings: { read: async () => text }, clock, random });
};
