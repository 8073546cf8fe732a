import { hash } from 'node:crypto';
import type { Batch } from '../records/batches.ts';

/** Of a hash that names something: 128 bits, so that no two things meet by chance. */
const namedBytes = 16;

const shortHash = (text: string): string =>
  hash('sha256', text, 'buffer').subarray(0, namedBytes).toString('base64url');

/**
 * What an idempotency key is stored as: 22 characters, whatever the client sent, which may be long, or tell something. Each part of a
 * request that is appended by itself has one of its own.
 * @param part counts the parts that one partition gets of a request, from 0.
 */
export const storedKey = (idempotencyKey: string, part = 0): string => shortHash(`${part}/${idempotencyKey}`);

/** What a producer's id is stored as: as `storedKey`. */
export const storedProducerId = (producerId: string): string => shortHash(producerId);

/** By which two appends of one key are told to have the same records: their texts as they are stored, in order. */
export const digestOf = (records: readonly string[]): string => shortHash(records.join(','));

/** What a sequence remembers of a digest, in hex: enough to tell a fault of the client's, and little to carry. */
export const sequenceDigest = (digest: string): string =>
  Buffer.from(digest, 'base64url').subarray(0, 4).toString('hex');

/**
 * How a batch says which of its records came with an idempotency key: `<storedKey>.<n>`, where n counts from the batch's first record to
 * the append's.
 */
export const keyMark = (key: string, first: number): string => `${key}.${first}`;

/** The offset of the first record that the batch has by this stored key; undefined where it has none. */
export const offsetOfKey = (
  batch: Pick<Batch, 'base' | 'idempotencyKeys'>,
  key: string,
): number | undefined => {
  const mark = batch.idempotencyKeys?.find((each) => each.startsWith(`${key}.`));
  return mark === undefined ? undefined : batch.base + Number(mark.slice(key.length + 1));
};
