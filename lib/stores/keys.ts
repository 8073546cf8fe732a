import type { ApiKey } from '../domain/keys.ts';

/** API keys. Reads are strongly consistent. No copy of a write that lands late changes anything. */
export interface KeyStore {
  /** Stores a new key. One of its id that stands stays as it is, and one that was deleted stays deleted. */
  put(key: ApiKey): Promise<void>;
  /** Makes the key valid as it is, whatever stood under its id and whether it was deleted: for a root key. */
  establish(key: ApiKey): Promise<void>;
  get(keyId: string): Promise<ApiKey | undefined>;
  /** In order of id. */
  list(): Promise<readonly ApiKey[]>;
  /**
   * Makes what `apply` gives of the key as it stands, and gives that; undefined when there is none. `apply` changes nothing
   * by itself, and may be asked more than once. Of two changes at the same time none is lost.
   */
  change(keyId: string, apply: (key: ApiKey) => ApiKey): Promise<ApiKey | undefined>;
  /** False when there was none. */
  delete(keyId: string): Promise<boolean>;
}
