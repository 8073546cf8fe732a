import type { ApiKey } from '../domain/keys.ts';
import type { KeyStore } from '../stores/keys.ts';
import { ReadCache } from '../stores/read-cache.ts';
import type { Clock } from '../surroundings/clock.ts';
import { hashKey, keyIdOf, looksLikeKey, sameHash } from './keys.ts';

/** How long a process goes on with what it knows of a key, so long a deleted one may still work. */
export const keyMaxAgeMs = 15_000;
const unknownKeyMaxAgeMs = 5_000;
/** Of a root key, which may be of any form. */
const keyLength = 512;

export interface AuthenticatorDeps {
  readonly keys: Pick<KeyStore, 'get'>;
  readonly clock: Clock;
  /** A key that was set outside the store, and is valid whatever that says. */
  readonly root?: ApiKey;
  /** Keys remembered, known and unknown ones together: the least recently used are forgotten. */
  readonly maxEntries?: number;
}

/** Finds out whose key is presented. Known keys are remembered for `keyMaxAgeMs`; expiry is checked every time. */
export class Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #cache: ReadCache<ApiKey | undefined>;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#cache = new ReadCache<ApiKey | undefined>({
      clock: deps.clock,
      maxAgeMs: (key) => (key === undefined ? unknownKeyMaxAgeMs : keyMaxAgeMs),
      maxEntries: deps.maxEntries ?? 1000,
    });
  }

  /**
   * The key that `presented` is, or undefined for one that is unknown, deleted or expired. What is neither the root key nor
   * of the form that our keys have costs no read: anybody can send it.
   */
  async authenticate(presented: string): Promise<ApiKey | undefined> {
    if (presented === '' || presented.length > keyLength) return undefined;
    const hash = hashKey(presented);
    const { root } = this.#deps;
    if (root !== undefined && sameHash(root.hash, hash)) return root;
    if (!looksLikeKey(presented)) return undefined;
    const keyId = keyIdOf(hash);
    const key = await this.#cache.get(keyId, () => this.#deps.keys.get(keyId));
    if (key === undefined || !sameHash(key.hash, hash)) return undefined;
    return key.expiresAt !== undefined && key.expiresAt <= this.#deps.clock.now() ? undefined : key;
  }

  /** To be called when a key is stored or deleted, so that this process knows at once. */
  forget(keyId: string): void {
    this.#cache.forget(keyId);
  }
}
