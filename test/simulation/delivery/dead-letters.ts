import type { DeliverDeps } from '../../../lib/delivery/deps.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import type { NewRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import type { Topic } from '../../../lib/domain/topics.ts';

export const deadTopic: Topic = {
  name: 'orders.billing.dead',
  topicId: 'dead',
  partitions: 2,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
};

/** Where a record stood that is a dead letter now. */
export interface Died {
  /** The name of the topic. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Whether it is the first time. */
  readonly isNew: boolean;
  /** What is written, and to where. */
  readonly at: PartitionRef;
  readonly records: readonly NewRecord[];
}

/** The dead letters of the simulated group, as an appender with keys keeps them: one for each key. */
export class DeadLetters implements Pick<DeliverDeps, 'appender' | 'directory'> {
  readonly #byKey = new Map<string, string>();
  readonly #offsets: { readonly partition: number; readonly offset: number }[] = [];
  /** Whether it can be written to. */
  isOpen = true;
  readonly #onDead: (died: Died) => void;

  constructor(onDead: (died: Died) => void = () => undefined) {
    this.#onDead = onDead;
  }

  readonly directory = { resolve: async () => deadTopic };
  readonly appender: DeliverDeps['appender'] = {
    append: async (at, records, { key = `none ${this.#offsets.length}` } = {}) => {
      if (!this.isOpen) throw new Problem('unavailable', 'The log is out.');
      const text = JSON.stringify(records);
      const headers = JSON.parse(records[0]?.headersJson ?? '{}') as Record<string, string>;
      const partition = Number(headers['millrace-dead-partition']);
      const offset = Number(headers['millrace-dead-offset']);
      const before = this.#byKey.get(key) ?? text;
      const isNew = !this.#byKey.has(key);
      this.#byKey.set(key, before);
      if (isNew) this.#offsets.push({ partition, offset });
      this.#onDead({ topic: headers['millrace-dead-topic'] ?? '', partition, offset, isNew, at, records });
      if (before !== text) throw new Problem('idempotency_mismatch', 'The key is of another append.');
      return { ...at, offset: this.#offsets.length - 1, count: 1, appendedAt: 0 } as never;
    },
  };

  /** Where each of them stood, in the order of their appends. */
  get offsets(): readonly { readonly partition: number; readonly offset: number }[] {
    return this.#offsets;
  }
}
