import type { ApiKey } from '../../domain/keys.ts';
import type { KeyStore } from '../keys.ts';

/** API keys in memory; what goes in and what comes out are copies. */
export class MemoryKeyStore implements KeyStore {
  readonly #keys = new Map<string, ApiKey>();
  /** Ids. */
  readonly #deleted = new Set<string>();

  async put(key: ApiKey): Promise<void> {
    if (this.#keys.has(key.keyId) || this.#deleted.has(key.keyId)) return;
    this.#keys.set(key.keyId, structuredClone(key));
  }

  async establish(key: ApiKey): Promise<void> {
    this.#keys.set(key.keyId, structuredClone(key));
  }

  async get(keyId: string): Promise<ApiKey | undefined> {
    return structuredClone(this.#keys.get(keyId));
  }

  async list(): Promise<readonly ApiKey[]> {
    return structuredClone([...this.#keys.values()].sort((a, b) => (a.keyId < b.keyId ? -1 : 1)));
  }

  async change(keyId: string, apply: (key: ApiKey) => ApiKey): Promise<ApiKey | undefined> {
    const key = this.#keys.get(keyId);
    if (key === undefined) return undefined;
    const changed = structuredClone(apply(structuredClone(key)));
    this.#keys.set(keyId, changed);
    return structuredClone(changed);
  }

  async delete(keyId: string): Promise<boolean> {
    if (!this.#keys.delete(keyId)) return false;
    this.#deleted.add(keyId);
    return true;
  }
}
