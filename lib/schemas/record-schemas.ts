import type { ErrorObject } from 'ajv/dist/2020.js';
import { type FieldError, firstFault, Problem, reportedErrors } from '../domain/errors.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import type { NewRecord } from '../domain/records/records.ts';
import { isTombstone } from '../domain/records/tombstone.ts';
import type { SchemaRef } from '../domain/schemas.ts';
import type { Topic } from '../domain/topics.ts';
import { ReadCache } from '../stores/read-cache.ts';
import type { SchemaStore } from '../stores/schemas.ts';
import type { Clock } from '../surroundings/clock.ts';
import { type Check, loadAjv } from './ajv.ts';
import { faultText } from './fault-texts.ts';
import type { SchemaObject } from './keywords.ts';
import { OvertimeError, withinTime } from './time-limit.ts';

/** A version of a schema, compiled. */
interface Compiled {
  /** Stops at the first fault. */
  readonly fits: Check;
  /** Finds every fault: made when the first value does not fit. */
  readonly explain: () => Check;
}

export interface RecordSchemasDeps {
  readonly schemas: Pick<SchemaStore, 'get'>;
  readonly clock: Clock;
}

/** Where the value of a record stands, in the one field or the other. */
export type ValuePath = (index: number, field: 'value' | 'valueBase64') => string;

/** What values are called in errors, and which records are not looked at. */
export interface Checked {
  readonly pathOf: ValuePath;
  readonly isExempt?: (index: number) => boolean;
}

/** Versions that a process keeps compiled; each takes some ten times what it has as text. */
const compiledAtMost = 50;

/**
 * Checks values of records against the schema of their topic, which is read and compiled once for each version and process. A topic
 * without one costs nothing.
 */
export class RecordSchemas {
  readonly #schemas: Pick<SchemaStore, 'get'>;
  readonly #compiled: ReadCache<Compiled>;

  constructor({ schemas, clock }: RecordSchemasDeps) {
    this.#schemas = schemas;
    // A version never changes.
    const maxAgeMs = (): number => Number.POSITIVE_INFINITY;
    this.#compiled = new ReadCache({ clock, maxAgeMs, maxEntries: compiledAtMost });
  }

  /**
   * Makes sure that the values fit the schema that `topic` has in force. In a topic that is compacted a tombstone says that there is no value
   * any more, and fits.
   * @throws Problem `schema_mismatch` with where each fault is, of the first records that have any; `limit_exceeded` when it takes too long.
   */
  async require(topic: Topic, records: readonly NewRecord[], naming: Checked): Promise<void> {
    const { schema } = topic;
    if (schema?.isInForce !== true) return;
    const key = `${topic.topicId}/${schema.version}/${schema.schemaId}`;
    const compiled = await this.#compiled.get(key, () => this.#compile(topic, schema));
    const isCompacted = topic.cleanup === 'compact';
    const errors = timed(() => faultsIn(compiled, records, { ...naming, isCompacted }));
    if (errors.length === 0) return;
    throw new Problem(
      'schema_mismatch',
      `Not every value fits the schema of topic "${topic.name}" (version ${schema.version}). ${firstFault(errors)} Nothing was written.`,
      { errors, members: { schemaVersion: schema.version } },
    );
  }

  async #compile({ topicId, name }: Topic, ref: SchemaRef): Promise<Compiled> {
    const [{ compile }, found] = await Promise.all([loadAjv(), this.#schemas.get(topicId, ref)]);
    if (found === undefined) throw new Error(`Version ${ref.version} of the schema of "${name}" is missing.`);
    const schema = JSON.parse(found.schemaJson) as SchemaObject;
    let explain: Check | undefined;
    return {
      fits: compile(schema),
      explain: () => {
        explain ??= compile(schema, { allErrors: true });
        return explain;
      },
    };
  }
}

/** @throws Problem `limit_exceeded` */
const timed = <T>(work: () => T): T => {
  try {
    return withinTime(limits.schemaCheckMs, work);
  } catch (error) {
    if (!(error instanceof OvertimeError)) throw error;
    throw new Problem(
      'limit_exceeded',
      `Checking the records against the schema of the topic takes longer than ${limits.schemaCheckMs} ms (limit schemaCheckMs). Nothing was written. Send fewer at once; where one alone takes as long, a pattern of the schema or a schema within itself takes ever more time with it.`,
      { members: exceededLimit('schemaCheckMs'), cause: error },
    );
  }
};

const notJson = 'The topic has a schema: give a value that is JSON.';

const faultsIn = (
  { fits, explain }: Compiled,
  records: readonly NewRecord[],
  { isCompacted, isExempt, pathOf = (index) => `records[${index}]` }: Checked & { isCompacted: boolean },
): FieldError[] => {
  const errors: FieldError[] = [];
  for (const [index, record] of records.entries()) {
    if (errors.length >= reportedErrors) break;
    if (isExempt?.(index) === true || (isCompacted && isTombstone(record))) continue;
    if (record.valueJson === undefined) {
      errors.push({ path: pathOf(index, 'valueBase64'), message: notJson });
      continue;
    }
    errors.push(...valueFaults(pathOf(index, 'value'), record.valueJson, { fits, explain }));
  }
  return errors.slice(0, reportedErrors);
};

/** With names as "valueOf" in it, what compares two values for sameness (fast-deep-equal) fails. */
const incomparable = 'This has names that keep it from being checked, as "valueOf" or "toString".';

const valueFaults = (path: string, text: string, { fits, explain }: Compiled): FieldError[] => {
  try {
    const value: unknown = JSON.parse(text);
    if (fits(value) === true) return [];
    const check = explain();
    check(value);
    return (check.errors ?? []).map((error) => fieldError(path, error));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [{ path, message: incomparable }];
  }
};

const fieldError = (path: string, error: ErrorObject): FieldError => ({
  path: `${path}${error.instancePath}`.slice(0, 300),
  message: faultText(error),
});
