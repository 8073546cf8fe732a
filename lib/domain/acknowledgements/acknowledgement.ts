/** What the body of a 2xx answer says of the records of its message. */
export type Acknowledgement =
  /** Nothing but that they were taken: it has no `ack`. */
  | { readonly kind: 'all' }
  /** `{"ack":{"offset":N}}`: those below `offset`, an integer that may lie outside the message. */
  | { readonly kind: 'below'; readonly offset: number }
  /**
   * `{"ack":{"failed":[offsets]}}`: all but these, each given once, in ascending order; at least one. They are integers that
   * may lie outside the message.
   */
  | { readonly kind: 'failed'; readonly offsets: readonly number[] }
  /** It has, or may have, an `ack` that is not understood: nothing is acknowledged. */
  | {
      readonly kind: 'unclear' /** For people: a whole sentence that quotes nothing. */;
      readonly reason: string;
    };

export const unclear = (reason: string): Acknowledgement => ({ kind: 'unclear', reason });

/** @param text the value of `ack`, as it stands in the body. */
export const acknowledgementOf = (text: string): Acknowledgement => {
  const ack = parsed(text);
  if (typeof ack !== 'object' || ack === null || Array.isArray(ack))
    return unclear(
      'The endpoint answered with an "ack" that is no object: {"ack":{"offset":N}} or {"ack":{"failed":[N]}} is expected.',
    );
  const { offset, failed } = ack as { readonly offset?: unknown; readonly failed?: unknown };
  if (offset !== undefined && failed !== undefined)
    return unclear('The endpoint answered with both ack.offset and ack.failed: either is expected.');
  // One colon is one member: parsing alone would hide that a name stands there twice.
  const isOne = Object.keys(ack).length === 1 && !(isNumeric(offset ?? failed) && text.split(':').length > 2);
  if (!isOne || (offset === undefined && failed === undefined))
    return unclear(
      'The endpoint answered with an "ack" that is of neither form, {"offset":N} or {"failed":[N]}.',
    );
  return failed === undefined ? below(offset) : allBut(failed);
};

/** What has no colon of its own. */
const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (Array.isArray(value) && value.every((each) => typeof each === 'number'));

const below = (offset: unknown): Acknowledgement =>
  Number.isSafeInteger(offset)
    ? { kind: 'below', offset: offset as number }
    : unclear('The endpoint answered with an ack.offset that is no integer.');

const allBut = (failed: unknown): Acknowledgement => {
  if (!Array.isArray(failed) || !failed.every(Number.isSafeInteger))
    return unclear('The endpoint answered with an ack.failed that is no list of integers.');
  if (failed.length === 0) return { kind: 'all' };
  return { kind: 'failed', offsets: [...new Set(failed as number[])].toSorted((a, b) => a - b) };
};

/** Undefined for what is no JSON. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
