import { isDeepStrictEqual } from 'node:util';
import { type FieldError, Problem } from '../domain/errors.ts';
import { jsonText } from '../domain/json/text.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import {
  type Compatibility,
  defaultCompatibility,
  type SchemaVersion,
  type TopicSchema,
} from '../domain/schemas.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { SchemaStore } from '../stores/schemas.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import type { TopicDirectory } from '../topics/directory.ts';
import { differences } from './compatibility/differences.ts';
import type { SchemaObject } from './keywords.ts';
import { requireValid } from './validity.ts';

export interface TopicSchemaDeps {
  readonly topics: Pick<TopicStore, 'update'>;
  readonly schemas: Pick<SchemaStore, 'put' | 'get' | 'list'>;
  readonly directory: Pick<TopicDirectory, 'resolveAgain' | 'remember'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A version, and what its topic says of it. */
export interface ShownSchema {
  readonly version: SchemaVersion;
  readonly compatibility: Compatibility;
}

const changesAtMost = 8;

/** What is to become of a topic's schema; undefined when it stays as it is. */
type Decide<Outcome> = (
  topic: Topic,
) => Promise<{ readonly schema?: TopicSchema | undefined; readonly outcome: Outcome }>;

/**
 * Changes what a topic says of its schema, as it was read; when others were first, it is read and decided again. That write alone makes
 * a version one: what was written down before it, and is not named by it, is nobody's.
 * @throws Problem `topic_not_found`, `conflict`, and those of `decide`.
 */
const changeSchema = async <Outcome>(
  deps: TopicSchemaDeps,
  name: string,
  decide: Decide<Outcome>,
): Promise<Outcome> => {
  let topicId: string | undefined;
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const topic = await deps.directory.resolveAgain(name);
    topicId ??= topic.topicId;
    if (topic.topicId !== topicId) break;
    refuseWhileDeleted(topic);
    const { schema, outcome } = await decide(topic);
    if (schema === undefined) return outcome;
    const changed = await deps.topics.update(topic, { schema });
    if (changed === undefined) continue;
    deps.directory.remember(changed);
    return outcome;
  }
  throw new Problem(
    'conflict',
    `Topic "${name}" is being changed by others. Nothing was changed; try again.`,
  );
};

const noSchema = (name: string): Problem =>
  new Problem(
    'schema_not_found',
    `Topic "${name}" has no schema. Set one with PUT /v1/topics/${name}/schema.`,
  );

/** The version that the topic names as its newest. */
const newestOf = async (deps: Pick<TopicSchemaDeps, 'schemas'>, topic: Topic): Promise<SchemaVersion> => {
  const ref = topic.schema;
  const found = ref && (await deps.schemas.get(topic.topicId, ref));
  if (found === undefined) throw new Error(`The newest schema of topic "${topic.name}" is missing.`);
  return found;
};

const parsed = ({ schemaJson }: SchemaVersion): SchemaObject => JSON.parse(schemaJson) as SchemaObject;

export interface WantedSchema {
  readonly schema: SchemaObject;
  /** Asked of this version and of those after it; absent: as it was, `backward` for a first one. */
  readonly compatibility?: Compatibility;
}

const levelOf = (topic: Topic, { compatibility }: WantedSchema): Compatibility =>
  compatibility ?? topic.schema?.compatibility ?? defaultCompatibility;

/** The version that a schema is the same as: the topic's newest, if it is that. Order of names and white space do not matter. */
const sameAsNewest = (newest: SchemaVersion | undefined, { schema }: WantedSchema): boolean =>
  newest !== undefined && isDeepStrictEqual(parsed(newest), schema);

const newestIn = async (deps: TopicSchemaDeps, topic: Topic): Promise<SchemaVersion | undefined> =>
  topic.schema === undefined ? undefined : newestOf(deps, topic);

/** What keeps a schema from following the one in force. */
const faultsAfter = (topic: Topic, newest: SchemaVersion | undefined, wanted: WantedSchema) => {
  const level = levelOf(topic, wanted);
  return newest === undefined || topic.schema?.isInForce !== true || level === 'none'
    ? []
    : differences(
        { schema: parsed(newest), name: `version ${newest.version}` },
        { schema: wanted.schema, name: 'the new schema' },
        level,
      );
};

const incompatible = (level: Compatibility, newest: SchemaVersion, errors: readonly FieldError[]): Problem =>
  new Problem(
    'schema_incompatible',
    `The schema is not shown to be compatible (${level}) with version ${newest.version}, which is in force. Nothing was changed. Where that is meant, send it with "compatibility": "none".`,
    { errors, members: { compatibility: level, version: newest.version } },
  );

const numberAfter = (newest: SchemaVersion | undefined): number => {
  const number = (newest?.version ?? 0) + 1;
  if (number <= limits.schemaVersions) return number;
  throw new Problem(
    'limit_exceeded',
    `A topic has at most ${limits.schemaVersions} versions of its schema (limit schemaVersions). Nothing was changed.`,
    { members: exceededLimit('schemaVersions') },
  );
};

/** What setting a schema came to. */
export type SetSchema = ShownSchema & { readonly created: boolean };

/**
 * Sets a topic's schema: a new version, or the newest one, if it is the same. From then on records are checked against it, in other
 * processes as soon as they read the topic again.
 * @throws Problem `invalid_schema`, `schema_incompatible`, `limit_exceeded`, `topic_not_found`, `conflict`
 */
export const setSchema = async (
  deps: TopicSchemaDeps,
  name: string,
  wanted: WantedSchema,
): Promise<SetSchema> => {
  await requireValid(wanted.schema);
  return changeSchema<SetSchema>(deps, name, async (topic) => {
    const newest = await newestIn(deps, topic);
    const compatibility = levelOf(topic, wanted);
    const schema = { compatibility, isInForce: true };
    if (newest !== undefined && sameAsNewest(newest, wanted)) {
      const isSet = isDeepStrictEqual({ ...topic.schema, ...schema }, topic.schema);
      const { version, schemaId } = newest;
      return {
        ...(!isSet && { schema: { version, schemaId, ...schema } }),
        outcome: { version: newest, compatibility, created: false },
      };
    }
    const errors = await faultsAfter(topic, newest, wanted);
    if (newest !== undefined && errors.length > 0) throw incompatible(compatibility, newest, errors);
    const version: SchemaVersion = {
      version: numberAfter(newest),
      schemaId: newId(deps.random),
      schemaJson: jsonText(wanted.schema),
      ...(newest !== undefined && { previousId: newest.schemaId }),
      createdAt: deps.clock.now(),
    };
    await deps.schemas.put(topic.topicId, version);
    const { schemaId } = version;
    return {
      schema: { version: version.version, schemaId, ...schema },
      outcome: { version, compatibility, created: true },
    };
  });
};

export interface SchemaTrial {
  /** The version that it would be, or is already. */
  readonly version: number;
  readonly compatibility: Compatibility;
  /** What keeps it from being that; empty when nothing does. */
  readonly errors: readonly FieldError[];
}

/**
 * What setting a schema would come to; nothing is changed.
 * @throws Problem `invalid_schema`, `limit_exceeded`, `topic_not_found`
 */
export const trySchema = async (
  deps: TopicSchemaDeps,
  name: string,
  wanted: WantedSchema,
): Promise<SchemaTrial> => {
  await requireValid(wanted.schema);
  const topic = await deps.directory.resolveAgain(name);
  const newest = await newestIn(deps, topic);
  const compatibility = levelOf(topic, wanted);
  if (newest !== undefined && sameAsNewest(newest, wanted))
    return { version: newest.version, compatibility, errors: [] };
  const errors = await faultsAfter(topic, newest, wanted);
  return { version: numberAfter(newest), compatibility, errors };
};

/** @throws Problem `schema_not_found` when the topic never had one; `topic_not_found`, `conflict` */
export const setCompatibility = (
  deps: TopicSchemaDeps,
  name: string,
  compatibility: Compatibility,
): Promise<ShownSchema> =>
  changeSchema(deps, name, async (topic) => {
    if (topic.schema?.isInForce !== true) throw noSchema(name);
    const version = await newestOf(deps, topic);
    return { schema: { ...topic.schema, compatibility }, outcome: { version, compatibility } };
  });

/**
 * Takes a topic's schema out of force: its records are not checked any more, and the next one is compared with none. Its versions stay.
 * @throws Problem `schema_not_found`, `topic_not_found`, `conflict`
 */
export const removeSchema = (deps: TopicSchemaDeps, name: string): Promise<void> =>
  changeSchema(deps, name, async (topic) => {
    if (topic.schema?.isInForce !== true) throw noSchema(name);
    return { schema: { ...topic.schema, isInForce: false }, outcome: undefined };
  });

/** The schema in force. @throws Problem `schema_not_found`, `topic_not_found` */
export const schemaInForce = async (
  deps: Pick<TopicSchemaDeps, 'directory' | 'schemas'>,
  name: string,
): Promise<ShownSchema> => {
  const topic = await deps.directory.resolveAgain(name);
  if (topic.schema?.isInForce !== true) throw noSchema(name);
  return { version: await newestOf(deps, topic), compatibility: topic.schema.compatibility };
};

/** Every version of a topic's schema, the oldest first, and which is in force. @throws Problem `topic_not_found` */
export const schemaVersions = async (
  deps: Pick<TopicSchemaDeps, 'directory' | 'schemas'>,
  name: string,
): Promise<{ readonly versions: readonly SchemaVersion[]; readonly inForce?: number }> => {
  const topic = await deps.directory.resolveAgain(name);
  if (topic.schema === undefined) return { versions: [] };
  const written = new Map(
    (await deps.schemas.list(topic.topicId)).map((version) => [
      `${version.version}/${version.schemaId}`,
      version,
    ]),
  );
  // From the newest on, each names the one before it: so what was written down and never became a version is left out.
  const versions: SchemaVersion[] = [];
  let { version, schemaId } = topic.schema;
  for (; version > 0; version -= 1) {
    const found = written.get(`${version}/${schemaId}`);
    if (found === undefined)
      throw new Error(`Version ${version} of the schema of topic "${name}" is missing.`);
    versions.unshift(found);
    schemaId = found.previousId ?? '';
  }
  return { versions, ...(topic.schema.isInForce && { inForce: topic.schema.version }) };
};
