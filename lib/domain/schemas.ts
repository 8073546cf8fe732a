import type { JsonText } from './json/text.ts';

/**
 * What a new version of a schema has to be to the one in force, as in Confluent's Schema Registry. `backward`: each value that
 * fits the version in force fits the new one, so whoever reads by the new one can read what is there. `forward`: each value
 * that fits the new one fits the version in force. `full`: both. `none`: anything.
 */
export const compatibilities = ['backward', 'forward', 'full', 'none'] as const;
export type Compatibility = (typeof compatibilities)[number];
export const defaultCompatibility: Compatibility = 'backward';

/** A version of a topic's schema, by its number and id: of those that wanted a number at once, each has an id of its own. */
export interface SchemaRef {
  /** From 1 on. */
  readonly version: number;
  readonly schemaId: string;
}

/** A version of the JSON Schema for the values of a topic's records. It never changes. */
export interface SchemaVersion extends SchemaRef {
  readonly schemaJson: JsonText;
  /** The id of the version before it; absent in the first. */
  readonly previousId?: string;
  /** Wall clock ms. */
  readonly createdAt: number;
}

/** What a topic says of its schema: the newest version, and what is asked of the next one. */
export interface TopicSchema extends SchemaRef {
  readonly compatibility: Compatibility;
  /** Whether records are checked against it; false once the schema was deleted. */
  readonly isInForce: boolean;
}
