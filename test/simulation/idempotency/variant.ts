import type { TrimDeps } from '../../../lib/log/trim.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import type { IntentStore } from '../../../lib/stores/intents.ts';
import type { MemoryIntentStore } from '../../../lib/stores/memory/intents.ts';
import type { ProducerStore } from '../../../lib/stores/producers.ts';

/** What a mutant changes: the stores as one process sees them. */
export interface IdempotencyVariant {
  readonly name: string;
  /** The intents as they are at the other end. */
  readonly table?: (table: MemoryIntentStore) => IntentStore;
  readonly intents?: (store: IntentStore) => IntentStore;
  readonly producers?: (store: ProducerStore) => ProducerStore;
  readonly batches?: (store: BatchStore) => BatchStore;
  readonly trim?: Partial<TrimDeps>;
}

export const genuine: IdempotencyVariant = { name: 'the protocol as it is' };
