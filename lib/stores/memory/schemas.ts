import type { SchemaRef, SchemaVersion } from '../../domain/schemas.ts';
import type { SchemaStore } from '../schemas.ts';

const inOrder = (a: SchemaRef, b: SchemaRef): number =>
  a.version - b.version || (a.schemaId < b.schemaId ? -1 : 1);

/** Versions of schemas in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemorySchemaStore implements SchemaStore {
  readonly #topics = new Map<string, readonly SchemaVersion[]>();

  async put(topicId: string, version: SchemaVersion): Promise<void> {
    const versions = this.#topics.get(topicId) ?? [];
    if (find(versions, version) !== undefined) return;
    this.#topics.set(topicId, [...versions, Object.freeze({ ...version })].sort(inOrder));
  }

  async get(topicId: string, ref: SchemaRef): Promise<SchemaVersion | undefined> {
    return find(this.#topics.get(topicId) ?? [], ref);
  }

  async list(topicId: string): Promise<readonly SchemaVersion[]> {
    return this.#topics.get(topicId) ?? [];
  }

  async deleteAll(topicId: string): Promise<void> {
    this.#topics.delete(topicId);
  }
}

const find = (versions: readonly SchemaVersion[], ref: SchemaRef): SchemaVersion | undefined =>
  versions.find(({ version, schemaId }) => version === ref.version && schemaId === ref.schemaId);
