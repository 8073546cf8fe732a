import { type JsonText, jsonText } from '../../domain/json/text.ts';
import { limits } from '../../domain/limits.ts';
import { controlCharacter, exceeded, type Report } from '../schemas/record-fields.ts';

/** A header that a shape gives its record, and where its value stands in the request. */
export interface GivenHeader {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/**
 * Headers of a record, in their order, whose names are ours and different ones.
 * @param path where all of them stand, for a limit.
 * @throws Problem `limit_exceeded`, `too_large`
 */
export const recordHeaders = (
  given: readonly GivenHeader[],
  path: string,
  report: Report,
): JsonText | undefined => {
  if (given.length === 0) return undefined;
  if (given.length > limits.recordHeaders) throw exceeded('limit_exceeded', 'recordHeaders', path);
  let bytes = 0;
  for (const { name, value, path: at } of given) {
    if (controlCharacter.test(value)) report(at, 'This has a control character, which no header may have.');
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > limits.recordHeadersBytes) throw exceeded('too_large', 'recordHeadersBytes', path);
  return jsonText(Object.fromEntries(given.map(({ name, value }) => [name, value])));
};
