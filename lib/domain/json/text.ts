declare const jsonTextBrand: unique symbol;

/**
 * One JSON value as text, as it was written: digits, escapes, order and repetition of names and white space (line breaks
 * among it) included. Only `jsonText` and what has read the text make one, so that no other text passes for JSON.
 */
export type JsonText = string & { readonly [jsonTextBrand]: true };

/** `value` as JSON; of what JSON does not know (a function, `undefined`), null. */
export const jsonText = (value: unknown): JsonText => (JSON.stringify(value) ?? 'null') as JsonText;

/** JSON in one line: line breaks stand between its tokens, where a space says the same. */
export const jsonInOneLine = (text: string): string => text.replace(/[\n\r]/g, ' ');

/**
 * Why a text is not the JSON that is wanted: `syntax` when it is no JSON (RFC 8259), `depth` when it is nested too deep,
 * `surrogate` when a string has half of a surrogate pair, which is no character (RFC 7493, 2.1). The message says what
 * was expected and where, and quotes nothing of the text.
 */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
  readonly kind: 'syntax' | 'depth' | 'surrogate';

  /** @param byte where, in bytes of UTF-8, from 0. */
  constructor(kind: JsonFault['kind'], what: string, byte: number) {
    super(`${what} at byte ${byte}.`);
    this.kind = kind;
  }
}
