/** What the body of a 2xx answer says of the records of its message. */
export type Acknowledgement =
  /** Nothing but that they were taken: it has no `ack`. */
  | { readonly kind: 'all' }
  /** `{"ack":{"offset":N}}`: those below `offset`, an integer that may lie outside the message. */
  | { readonly kind: 'below'; readonly offset: number }
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
      'The endpoint answered with an "ack" that is no object: {"ack":{"offset":N}} is expected.',
    );
  const names = Object.keys(ack);
  if (names.includes('failed'))
    return unclear(
      'The endpoint answered with ack.failed, which is not supported yet: nothing is acknowledged.',
    );
  // One colon is one member: parsing alone would hide that a name stands there twice.
  if (
    !('offset' in ack) ||
    names.length > 1 ||
    (typeof ack.offset === 'number' && text.split(':').length > 2)
  )
    return unclear('The endpoint answered with an "ack" that is not of the form {"offset":N}.');
  return Number.isSafeInteger(ack.offset)
    ? { kind: 'below', offset: ack.offset as number }
    : unclear('The endpoint answered with an ack.offset that is no integer.');
};

/** Undefined for what is no JSON. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
