import { Problem } from '../domain/errors.ts';
import type { NewRecord } from '../domain/records/records.ts';
import type { Topic } from '../domain/topics.ts';
import type { RecordSchemas, ValuePath } from '../schemas/record-schemas.ts';
import type { IntentStore } from '../stores/intents.ts';
import { begunPartitions } from './repeats/begun.ts';
import type { Repeat } from './repeats/headers.ts';
import type { ProduceRequest } from './schemas/records.ts';

export interface SchemaCheckDeps {
  readonly recordSchemas: Pick<RecordSchemas, 'require'>;
  readonly intents: Pick<IntentStore, 'find'>;
}

/** A request, as it was placed. */
interface Placed {
  readonly request: ProduceRequest;
  /** Its own. */
  readonly records: readonly NewRecord[];
  readonly partitions: readonly number[];
  readonly repeat: Repeat | undefined;
}

/** Where the values of a request stand, as errors name them. */
const pathsIn =
  ({ pathOf, valuePathOf }: ProduceRequest): ValuePath =>
  (index, field) =>
    valuePathOf?.(index) ?? `${pathOf?.(index) ?? `records[${index}]`}.${field}`;

/**
 * Makes sure that the values of a request fit the schema of its topic. What an Idempotency-Key has begun to append did fit then, and may be
 * in the log: it is not held against a schema that came since.
 * @throws Problem `schema_mismatch`, `limit_exceeded`
 */
export const requireSchema = async (
  deps: SchemaCheckDeps,
  topic: Topic,
  { request, records, partitions, repeat }: Placed,
): Promise<void> => {
  const { lines } = request;
  const pathOf = pathsIn(request);
  try {
    await deps.recordSchemas.require(topic, records, { pathOf });
  } catch (error) {
    const isMismatch = error instanceof Problem && error.code === 'schema_mismatch';
    // Lines may be several appends of a partition, of which some were not begun.
    if (!isMismatch || repeat?.kind !== 'key' || lines !== undefined) throw error;
    const begun = await begunPartitions(deps.intents, topic.topicId, repeat.key, partitions);
    if (begun.size === 0) throw error;
    const isExempt = (index: number): boolean => begun.has(partitions[index] ?? -1);
    await deps.recordSchemas.require(topic, records, { pathOf, isExempt });
  }
};
