import type { DeliverDeps } from '../../../lib/delivery/deps.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import type { Topic } from '../../../lib/domain/topics.ts';

const topic: Topic = {
  name: 'orders.billing.dead',
  topicId: 'dead',
  partitions: 2,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
};

/** The dead letters of the simulated group, as an appender with keys keeps them: one for each key. */
export class DeadLetters implements Pick<DeliverDeps, 'appender' | 'directory'> {
  readonly #byKey = new Map<string, string>();
  readonly #offsets: { readonly partition: number; readonly offset: number }[] = [];
  /** Whether it can be written to. */
  isOpen = true;

  readonly directory = { resolve: async () => topic };
  readonly appender: DeliverDeps['appender'] = {
    append: async (at, records, { key = '' } = {}) => {
      if (!this.isOpen) throw new Problem('unavailable', 'The log is out.');
      const text = JSON.stringify(records);
      const before = this.#byKey.get(key);
      if (before !== undefined && before !== text)
        throw new Problem('idempotency_mismatch', 'The key is of another append.');
      const [record] = records;
      const headers = JSON.parse(record?.headersJson ?? '{}') as Record<string, string>;
      if (before === undefined)
        this.#offsets.push({
          partition: Number(headers['millrace-dead-partition']),
          offset: Number(headers['millrace-dead-offset']),
        });
      this.#byKey.set(key, text);
      return { ...at, offset: this.#offsets.length - 1, count: 1, appendedAt: 0 } as never;
    },
  };

  /** Where each of them stood, in the order of their appends. */
  get offsets(): readonly { readonly partition: number; readonly offset: number }[] {
    return this.#offsets;
  }
}
