import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, Quota, Scope } from '../domain/keys.ts';
import type { Random } from '../surroundings/random.ts';

/**
 * SHA-256 of the whole key, hex: all that is stored of it. It takes a µs, so each request has its key hashed anew, and no
 * process remembers one in clear.
 */
export const hashKey = (key: string): string => hash('sha256', key, 'hex');

/** By what a key of this hash is found: the hash's first 20 hex digits. */
export const keyIdOf = (hash: string): string => hash.slice(0, 20);

/** A new key: `mr_` and 32 random bytes as base64url. */
export const newKey = (random: Random): string => `mr_${Buffer.from(random.bytes(32)).toString('base64url')}`;

/** Whether `text` has the form of a key that `newKey` made. */
export const looksLikeKey = (text: string): boolean => /^mr_[\w-]{43}$/.test(text);

export interface KeyGrant {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Names, or prefixes followed by `*`. Absent: every topic. */
  readonly topics?: readonly string[];
  /** Wall clock ms. */
  readonly expiresAt?: number;
  readonly quota?: Quota;
}

/** What is stored of `key`, for whoever presents it to have `grant`. */
export const storedKey = (key: string, grant: KeyGrant, createdAt: number): ApiKey => {
  const hash = hashKey(key);
  return { keyId: keyIdOf(hash), hash, createdAt, ...grant };
};

/** Compares in a time that tells nothing of where two hashes differ. */
export const sameHash = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === right.length && timingSafeEqual(left, right);
};
