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
};

/** Text in which some number may not survive a double: 16 or more digits in a row, or an exponent. */
const mayLoseDigits = /\d{16}|\d[eE][+-]?\d{2}|\d\.\d+0\b|-0\b|\d{8,}\.\d{8,}/;

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

/** How many levels of arrays and objects `value` has, at most `limit + 1`: it stops counting there. */
export const jsonDepth = (value: unknown, limit: number): number => {
  let level: unknown[] = [value];
  let depth = 0;
  while (depth <= limit) {
    const next: unknown[] = [];
    let nested = false;
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      nested = true;
      for (const child of Array.isArray(item) ? item : Object.values(item)) next.push(child);
    }
    if (!nested) return depth;
    depth += 1;
    level = next;
  }
  return depth;
};
