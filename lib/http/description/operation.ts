import type { ProblemCode } from '../../domain/errors.ts';
import type { Scope } from '../../domain/keys.ts';
import type { Method } from '../paths.ts';
import type { JsonSchema } from './json-schemas.ts';
import type { SchemaName } from './schemas.ts';

/** Bytes of a content type: those of a named schema, of a schema of its own, or any. */
export interface Content {
  readonly schema: SchemaName | JsonSchema;
}

export interface Parameter {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly required?: boolean;
}

/** What one status, which is no problem, says. */
export interface Answer {
  readonly description: string;
  /** By content type; absent where there is no body. */
  readonly content?: Readonly<Record<string, Content>>;
  /** Headers beside those that every answer has. */
  readonly headers?: Readonly<Record<string, Parameter>>;
}

/**
 * A request and what it is answered. A test sends each of them to a broker that has a topic `orders` with records and a group
 * `billing` with an endpoint.
 */
export interface Example {
  /** Unique in its operation. */
  readonly name: string;
  readonly summary: string;
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  /** Of the body; JSON unless said. A text of another type is sent as it is. */
  readonly contentType?: string;
  readonly status: number;
  /** The body of the answer, where it has one. */
  readonly answer?: unknown;
  /** Of the answer; JSON unless said. */
  readonly answerType?: string;
}

/** One operation of the interface, as the description shows it. */
export interface Operation {
  readonly method: Method;
  /** As in `lib/http/paths.ts`. */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  /** A key with any of these may do it; with none listed every key that is for the topic may. `open`: it takes no key. */
  readonly scopes: readonly Scope[] | 'open';
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
  readonly body?: { readonly required: boolean; readonly content: Readonly<Record<string, Content>> };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it can be answered beside what every operation of its kind can: see `problemsOf`. */
  readonly problems: readonly ProblemCode[];
  readonly examples: readonly Example[];
}

export const tags = {
  Records: 'Append records, and read them.',
  Topics: 'What records are appended to. A topic has partitions, each an ordered log of its own.',
  Schemas: 'What the values of a topic have to be, in versions.',
  Groups: 'Independent readers of a topic, whose records are pushed to a webhook, or pulled by consumers.',
  Consumers: 'Of groups that pull: they come for their records, and acknowledge them.',
  Endpoints: 'The webhooks of a group.',
  Erasures: 'Records of a key that are taken from the archive.',
  Keys: 'API keys.',
  Broker: 'What is open to all.',
} as const;
export type Tag = keyof typeof tags;

export const json = 'application/json';

/** Content that is JSON of a named schema. */
export const jsonOf = (schema: SchemaName): Readonly<Record<string, Content>> => ({ [json]: { schema } });
