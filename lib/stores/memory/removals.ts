import type { Removal, RemovalKind, RemovalPage, RemovalStore } from '../removals.ts';

/** Removals in memory. What it gives is frozen. */
export class MemoryRemovalStore implements RemovalStore {
  readonly #removals = { topic: new Map<string, Removal>(), group: new Map<string, Removal>() };

  async put(removal: Removal): Promise<void> {
    const removals = this.#removals[removal.kind];
    if (!removals.has(removal.id)) removals.set(removal.id, Object.freeze({ ...removal }));
  }

  async list<Kind extends RemovalKind>(
    kind: Kind,
    { limit, after }: RemovalPage,
  ): Promise<readonly Extract<Removal, { kind: Kind }>[]> {
    return [...this.#removals[kind].values()]
      .filter((removal) => removal.kind === kind && (after === undefined || removal.id > after))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit) as Extract<Removal, { kind: Kind }>[];
  }

  async noteClosed(topicId: string, closedAt: number): Promise<void> {
    const removal = this.#removals.topic.get(topicId);
    if (removal?.kind !== 'topic' || removal.closedAt !== undefined) return;
    this.#removals.topic.set(topicId, Object.freeze({ ...removal, closedAt }));
  }

  async delete({ kind, id }: Removal): Promise<void> {
    this.#removals[kind].delete(id);
  }
}
