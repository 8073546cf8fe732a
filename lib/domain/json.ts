declare const jsonTextBrand: unique symbol;

/**
 * One JSON value as text, as it was written: digits, escapes, order and repetition of names and white space (line breaks
 * among it) included. Only `jsonText` and what has read the text make one, so that no other text passes for JSON.
 */
export type JsonText = string & { readonly [jsonTextBrand]: true };

/** `value` as JSON; of what JSON does not know (a function, `undefined`), null. */
export const jsonText = (value: unknown): JsonText => (JSON.stringify(value) ?? 'null') as JsonText;

/** A JSON value. A number that a double cannot hold is a `JSON.rawJSON` object, which `JSON.stringify` writes as it was. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** JSON.parse with source text access and JSON.rawJSON: ECMAScript 2025, V8 ≥ 11.4; the TypeScript library lacks them. */
const native = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/**
 * Text in which some number may not be written again as it was: one of 16 or more digits, with an exponent, a zero at
 * the end of its fraction, or a minus before a zero. What stands before a number keeps most strings from looking like one.
 */
const mayLoseDigits = /(?:^|[[:,\s])(?:-0|-?\d(?:[\d.]{15}|[\d.]*(?:\.\d*0(?!\d)|[eE])))/;

/**
 * Parses JSON so that `JSON.stringify` gives every number back with the digits it came with (an id of 64 bits is
 * not rounded to a double).
 * @throws SyntaxError when `text` is not JSON.
 */
export const parseJson = (text: string): unknown =>
  mayLoseDigits.test(text)
    ? native.parse(text, (_key, value, { source }) =>
        typeof value === 'number' && source !== undefined && String(value) !== source
          ? native.rawJSON(source)
          : value,
      )
    : JSON.parse(text);

/** Whether `value`, which `parseJson` gave, is an object: not an array, and not a number that a double cannot hold. */
export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !native.isRawJSON(value);

/** The number that `value`, which `parseJson` gave, is, rounded to a double; undefined when it is none. */
export const jsonNumber = (value: unknown): number | undefined => {
  if (native.isRawJSON(value)) return Number(JSON.stringify(value));
  return typeof value === 'number' ? value : undefined;
};

/** How many levels of arrays and objects `value` has, at most `limit + 1`: it stops counting there. */
export const jsonDepth = (value: unknown, limit: number): number => {
  let level: unknown[] = [value];
  let depth = 0;
  while (depth <= limit) {
    const next: unknown[] = [];
    let nested = false;
    for (const item of level) {
      if (typeof item !== 'object' || item === null || native.isRawJSON(item)) continue;
      nested = true;
      for (const child of Array.isArray(item) ? item : Object.values(item)) next.push(child);
    }
    if (!nested) return depth;
    depth += 1;
    level = next;
  }
  return depth;
};
