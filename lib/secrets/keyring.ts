import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Random } from '../surroundings/random.ts';

/** A key that secrets are sealed by: 32 bytes. */
export interface DataKey {
  /** 16 hex digits. */
  readonly id: string;
  /** It shows itself in no log. */
  readonly key: KeyObject;
  /** Wall clock ms. */
  readonly createdAt: number;
}

/** All data keys, newest first: the first one seals, and each opens what it sealed. */
export type Keyring = readonly [DataKey, ...DataKey[]];

/**
 * Keys of one keyring. As text it has to fit a standard parameter of 4 KB
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html), which holds 36.
 */
export const mostKeys = 30;

/** The text is not a keyring's. The message has nothing of it. */
export class KeyringFormatError extends Error {
  override readonly name = 'KeyringFormatError';
}

/** Something is sealed by a key that is not in the keyring. */
export class UnknownDataKeyError extends Error {
  override readonly name = 'UnknownDataKeyError';
  readonly keyId: string;

  constructor(keyId: string) {
    super(
      `A secret is sealed by the data key "${keyId}", which is not in the keyring. Put the keyring back that was in use when it was stored.`,
    );
    this.keyId = keyId;
  }
}

const keyBytes = 32;
const idPattern = /^[0-9a-f]{16}$/;

const newDataKey = (random: Random, createdAt: number): DataKey => ({
  id: Buffer.from(random.bytes(8)).toString('hex'),
  key: createSecretKey(random.bytes(keyBytes)),
  createdAt,
});

/** A keyring of one new key. @param now wall clock ms. */
export const newKeyring = (random: Random, now: number): Keyring => [newDataKey(random, now)];

/**
 * The keyring with a new key, which seals from now on. The older ones stay: something may be sealed by them, in a backup too.
 * @throws RangeError when it has as many keys as it may.
 */
export const withNewKey = (keyring: Keyring, random: Random, now: number): Keyring => {
  if (keyring.length >= mostKeys) throw new RangeError(`A keyring has at most ${mostKeys} keys.`);
  return [newDataKey(random, now), ...keyring];
};

/** Every key of both, those of `keyring` first. */
export const withKeysOf = (keyring: Keyring, other: Keyring): Keyring => [
  ...keyring,
  ...other.filter(({ id }) => keyring.every((key) => key.id !== id)),
];

/** @throws UnknownDataKeyError */
export const dataKeyOf = (keyring: Keyring, keyId: string): DataKey => {
  const found = keyring.find(({ id }) => id === keyId);
  if (found === undefined) throw new UnknownDataKeyError(keyId);
  return found;
};

/**
 * A key of 32 bytes for one purpose, derived from a data key (HKDF-SHA256, RFC 5869). Two purposes have keys that tell nothing of
 * each other, nor of the data key.
 * @param purpose as `acknowledgement-token`: part of what is promised, so never changed.
 * @throws UnknownDataKeyError
 */
export const derivedKey = (keyring: Keyring, keyId: string, purpose: string): KeyObject =>
  createSecretKey(
    new Uint8Array(hkdfSync('sha256', dataKeyOf(keyring, keyId).key, '', `millrace/${purpose}`, keyBytes)),
  );

interface WrittenKey {
  readonly id: string;
  readonly key: string;
  readonly createdAt: number;
}

/** As it is stored: JSON, which is itself a secret. */
export const keyringText = (keyring: Keyring): string =>
  JSON.stringify({
    version: 1,
    keys: keyring.map(
      ({ id, key, createdAt }): WrittenKey => ({ id, key: key.export().toString('base64'), createdAt }),
    ),
  });

/** @throws KeyringFormatError */
export const parseKeyring = (text: string): Keyring => {
  const [first, ...rest] = writtenIn(text).map(({ id, key, createdAt }) => {
    const bytes = Buffer.from(key, 'base64');
    if (!idPattern.test(id) || bytes.length !== keyBytes)
      throw new KeyringFormatError('The keyring has an entry that is no key.');
    return { id, key: createSecretKey(bytes), createdAt };
  });
  if (first === undefined) throw new KeyringFormatError('The keyring has no key.');
  return [first, ...rest];
};

const writtenIn = (text: string): readonly WrittenKey[] => {
  const parsed = jsonOf(text);
  const { version, keys } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<
    string,
    unknown
  >;
  if (version !== 1 || !Array.isArray(keys))
    throw new KeyringFormatError('This is no keyring, or one of a version that is not known here.');
  return keys.map((entry: unknown) => {
    const { id, key, createdAt } = (entry ?? {}) as Record<string, unknown>;
    if (typeof id === 'string' && typeof key === 'string' && typeof createdAt === 'number')
      return { id, key, createdAt };
    throw new KeyringFormatError('The keyring has an entry that is no key.');
  });
};

/** Without the cause: a SyntaxError quotes what it could not read. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyringFormatError('The keyring cannot be read.');
  }
};
