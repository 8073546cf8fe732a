import type { ApiKey } from '../domain/keys.ts';

export interface KeyStore {
  /** Stores the key; the same id again replaces it. */
  put(key: ApiKey): Promise<void>;
  /** Strongly consistent. */
  get(keyId: string): Promise<ApiKey | undefined>;
  list(): Promise<readonly ApiKey[]>;
  /** False when there was none. */
  delete(keyId: string): Promise<boolean>;
}
