import type { JsonSchema } from './json-schemas.ts';

/**
 * CloudEvents 1.0 in JSON: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. What is no
 * attribute of the specification is an extension.
 */

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description });

const attributes = {
  specversion: { type: 'string', const: '1.0' },
  id: text('Unique among the events of its source.'),
  source: text('Where it comes from: a reference to a URI.'),
  type: text('What happened, as com.example.order.paid.'),
  time: { type: 'string', description: 'When it happened: RFC 3339.' },
  subject: text('What it is about.'),
  dataschema: text('Where the schema of its data is.'),
  datacontenttype: text('The media type of its data.'),
  partitionkey: text("The key of the event's record."),
};

const data = {
  data: { description: 'Any JSON: the value of its record.' },
  data_base64: {
    type: 'string',
    contentEncoding: 'base64',
    description: 'Instead of data: bytes.',
  },
};

const extensions = (types: readonly string[]): JsonSchema => ({
  type: types,
  description: 'An extension.',
});

/** What is taken: an attribute that is null counts as left out. */
export const newEventSchema: JsonSchema = {
  type: 'object',
  description:
    "A CloudEvent. Its `partitionkey` is its record's key, its attributes become headers (`ce_type`), its data the value.",
  properties: { ...attributes, ...data },
  required: ['specversion', 'id', 'source', 'type'],
  propertyNames: { pattern: '^(?:[a-z0-9]+|data_base64)$' },
  additionalProperties: extensions(['string', 'integer', 'boolean', 'null']),
};

/** What is given: the event that a record came as, or one made around it. */
export const eventSchema: JsonSchema = {
  type: 'object',
  description:
    'The event that the record came as. A record that came as none has its place as `id`, its topic as `source`, the type `millrace.record`, and its headers as extensions.',
  properties: { ...attributes, ...data },
  required: ['specversion', 'id', 'source', 'type'],
  additionalProperties: extensions(['string', 'integer', 'boolean']),
};
