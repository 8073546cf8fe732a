import { isAscii } from 'node:buffer';

/** A byte order mark at the beginning is a character of the text. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** @throws TypeError for bytes that are not UTF-8. */
export const textOf = (bytes: Uint8Array): string => utf8.decode(bytes);

/**
 * How to read the texts of one page, each from its bytes, where all of them stand in one buffer between those of the first and of
 * the last. A page of ASCII is made a text at once, and each of its texts cut out: to begin to decode takes longer than a
 * short text does.
 */
export const textsBetween = (
  first: Uint8Array | undefined,
  last: Uint8Array | undefined,
): ((bytes: Uint8Array) => string) => {
  if (first === undefined || last === undefined || first.buffer !== last.buffer) return textOf;
  const from = first.byteOffset;
  const page = Buffer.from(first.buffer, from, last.byteOffset + last.length - from);
  if (!isAscii(page)) return textOf;
  const text = page.toString('latin1');
  return ({ byteOffset, length }) => text.slice(byteOffset - from, byteOffset - from + length);
};
