import { limits } from '../../domain/limits.ts';
import { timestampPattern } from '../../domain/text/timestamps.ts';

/**
 * What `parseProduceRequest` takes, as JSON Schema (2020-12), for the description of the interface. It says what such a schema
 * can say: neither bytes, nor nesting, nor that a name comes twice.
 */

/** Base64 as an encoder writes it: padded, and no bits that belong to no byte. */
const base64Pattern = '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$';

const withoutControlCharacters = '^[^\\u0000-\\u001f\\u007f]*$';

export const newRecordSchema = {
  type: 'object',
  description: `A record takes ${limits.recordBytes} bytes at most (limit recordBytes). A field that is null is absent, but for value.`,
  properties: {
    key: {
      type: ['string', 'null'],
      maxLength: limits.recordKeyBytes,
      description: `Records of one key go to one partition, in order. At most ${limits.recordKeyBytes} bytes of UTF-8 (limit recordKeyBytes).`,
    },
    value: { description: 'Any JSON, null included. It comes out as the bytes that went in.' },
    valueBase64: {
      type: ['string', 'null'],
      pattern: base64Pattern,
      contentEncoding: 'base64',
      description: 'Instead of value: bytes, in base64.',
    },
    headers: {
      type: ['object', 'null'],
      maxProperties: limits.recordHeaders,
      propertyNames: { minLength: 1, pattern: withoutControlCharacters },
      additionalProperties: { type: 'string', pattern: withoutControlCharacters },
      description: `Names and values without control characters: at most ${limits.recordHeaders} (limit recordHeaders) and ${limits.recordHeadersBytes} bytes (limit recordHeadersBytes).`,
    },
    partition: {
      type: ['integer', 'null'],
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The partition to go to. Without it that of the key; without a key any.',
    },
    timestamp: {
      type: ['string', 'null'],
      pattern: timestampPattern,
      description: 'ISO 8601 with an offset from UTC, since the year 1. Without it the time of the append.',
    },
  },
  additionalProperties: false,
  oneOf: [
    { required: ['value'], properties: { valueBase64: { type: 'null' } } },
    { required: ['valueBase64'], properties: { value: false, valueBase64: { type: 'string' } } },
  ],
} as const;

export const produceRequestSchema = {
  type: 'object',
  properties: {
    records: {
      type: 'array',
      items: newRecordSchema,
      minItems: 1,
      maxItems: limits.requestRecords,
      description: `At most ${limits.requestRecords} (limit requestRecords).`,
    },
    expectedOffset: {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'The offset that the first record has to get, or nothing is written (412). Every record names the same partition then, or the topic has only one.',
    },
  },
  required: ['records'],
  additionalProperties: false,
} as const;
