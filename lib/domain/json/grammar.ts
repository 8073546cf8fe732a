import { JsonFault } from './text.ts';

/**
 * The grammar of RFC 8259 as functions from the position where something begins to the position after it. One pass, no
 * copies, no recursion. The text is the bytes of valid UTF-8: only an escape can be half of a surrogate pair. Bytes, since
 * an array of them is read by one instruction, whatever the text holds; a string has many forms, each looked for at each
 * unit.
 */

export const code = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;
const { quote, backslash } = code;
const [space, minus, plus, dot, zero, nine] = [0x20, 0x2d, 0x2b, 0x2e, 0x30, 0x39];
const [upperE, lowerE, lowerU] = [0x45, 0x65, 0x75];

/**
 * The byte at `at`; past the end 0, which stands nowhere in JSON. To compare with the length first takes twice the time of
 * all else.
 */
export const byteAt = (text: Uint8Array, at: number): number => text[at] ?? 0;

/** What stands at `at` is not what JSON has there. */
export const unexpected = (text: Uint8Array, at: number, expected: string): JsonFault =>
  at >= text.length
    ? new JsonFault('syntax', `The text ends where ${expected} is expected,`, at)
    : new JsonFault('syntax', `Expected ${expected}`, at);

export const afterSpace = (text: Uint8Array, from: number): number => {
  for (let at = from; ; at += 1) {
    const byte = byteAt(text, at);
    // Most of what is looked at is no space: one comparison says so.
    if (byte > space) return at;
    if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
  }
};

const isDigit = (byte: number): boolean => byte >= zero && byte <= nine;

const hexDigit = (byte: number): number => {
  if (isDigit(byte)) return byte - zero;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
};

/** The UTF-16 unit of the escape at `at`, or NaN when it is none of the form \uXXXX. */
const escapedUnit = (text: Uint8Array, at: number): number => {
  if (byteAt(text, at) !== backslash || byteAt(text, at + 1) !== lowerU) return Number.NaN;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit += 1) unit = unit * 16 + hexDigit(byteAt(text, digit));
  return unit;
};

const isShortEscape = (byte: number): boolean => {
  switch (byte) {
    case quote:
    case backslash:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return true;
    default:
      return false;
  }
};

const afterEscape = (text: Uint8Array, at: number): number => {
  if (isShortEscape(byteAt(text, at + 1))) return at + 2;
  const unit = escapedUnit(text, at);
  if (Number.isNaN(unit)) throw unexpected(text, at, 'an escape that JSON knows');
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const low = unit < 0xdc00 ? escapedUnit(text, at + 6) : Number.NaN;
  if (low >= 0xdc00 && low <= 0xdfff) return at + 12;
  throw new JsonFault('surrogate', 'Half of a surrogate pair, which is no Unicode character,', at);
};

/** The position after the string that begins at `from` with its quote. */
export const afterString = (text: Uint8Array, from: number): number => {
  for (let at = from + 1; ; ) {
    const byte = byteAt(text, at);
    if (byte === quote) return at + 1;
    if (byte === backslash) at = afterEscape(text, at);
    else if (byte >= 0x20) at += 1;
    else
      throw unexpected(text, at, at < text.length ? 'an escape of a control character' : 'a closing quote');
  }
};

const afterDigits = (text: Uint8Array, from: number): number => {
  let at = from;
  while (isDigit(byteAt(text, at))) at += 1;
  if (at === from) throw unexpected(text, at, 'a digit');
  return at;
};

const isExponent = (byte: number): boolean => byte === lowerE || byte === upperE;

/** The position after a number, from that after its whole part. */
const afterFraction = (text: Uint8Array, from: number): number => {
  const at = byteAt(text, from) === dot ? afterDigits(text, from + 1) : from;
  if (!isExponent(byteAt(text, at))) return at;
  const sign = byteAt(text, at + 1);
  return afterDigits(text, sign === plus || sign === minus ? at + 2 : at + 1);
};

/** The position after the number at `from`, which begins with `first`. */
const afterNumber = (text: Uint8Array, from: number, first: number): number => {
  let at = from;
  let byte = first;
  if (byte === minus) byte = byteAt(text, ++at);
  if (!isDigit(byte)) throw unexpected(text, at, 'a digit');
  const isZero = byte === zero;
  do byte = byteAt(text, ++at);
  while (isDigit(byte) && !isZero);
  return byte === dot || isExponent(byte) ? afterFraction(text, at) : at;
};

const words = ['null', 'true', 'false'].map((word) => Buffer.from(word));

const beginsWith = (text: Uint8Array, at: number, word: Uint8Array): boolean => {
  for (let index = 0; index < word.length; index += 1)
    if (byteAt(text, at + index) !== word[index]) return false;
  return true;
};

const afterWord = (text: Uint8Array, at: number): number => {
  for (const word of words) if (beginsWith(text, at, word)) return at + word.length;
  throw unexpected(text, at, 'a value');
};

/** The position after the value at `at`, which begins with `byte` and is neither an array nor an object. */
const afterScalar = (text: Uint8Array, at: number, byte: number): number => {
  if (byte === quote) return afterString(text, at);
  return isDigit(byte) || byte === minus ? afterNumber(text, at, byte) : afterWord(text, at);
};

/** The position after the name of a field that begins at `at`. */
export const afterName = (text: Uint8Array, at: number): number => {
  if (byteAt(text, at) !== quote) throw unexpected(text, at, 'a name in double quotes');
  return afterString(text, at);
};

/** The position of a field's value, from that after its name. */
export const afterColon = (text: Uint8Array, from: number): number => {
  const at = afterSpace(text, from);
  if (byteAt(text, at) !== code.colon) throw unexpected(text, at, '":"');
  return afterSpace(text, at + 1);
};

/** The position of a field's value, from that of its name. */
const afterNameAndColon = (text: Uint8Array, at: number): number => afterColon(text, afterName(text, at));

/** What closes an array or object that `opener` opens: in ASCII the one comes two after the other. */
const closerOf = (opener: number): number => opener + 2;

/**
 * The position after the value that begins at `from`. Five megabytes may have 2.6 million values, and to read a byte takes
 * many times what it takes to compare it: none is read twice where it can be helped.
 * @param mostDepth how many levels of arrays and objects it may have.
 * @throws JsonFault
 */
export const afterValue = (text: Uint8Array, from: number, mostDepth: number): number => {
  /** What closes the innermost array or object that is open, 0 for none, and those around it. */
  let closer = 0;
  const outer: number[] = [];
  for (let at = from; ; ) {
    let byte = byteAt(text, at);
    if (byte <= space) {
      at = afterSpace(text, at);
      byte = byteAt(text, at);
    }
    if (closer === code.closeBrace) {
      at = afterNameAndColon(text, at);
      byte = byteAt(text, at);
    }
    if (byte === code.openBrace || byte === code.openBracket) {
      if (outer.length === mostDepth) throw new JsonFault('depth', 'One level too many begins', at);
      outer.push(closer);
      closer = closerOf(byte);
      at = afterSpace(text, at + 1);
      if (byteAt(text, at) !== closer) continue;
    } else at = afterScalar(text, at, byte);
    // A value has ended, or the one around it has none. Perhaps those that it is in end too.
    while (closer !== 0) {
      let end = byteAt(text, at);
      if (end <= space) {
        at = afterSpace(text, at);
        end = byteAt(text, at);
      }
      if (end !== code.comma && end !== closer)
        throw unexpected(text, at, closer === code.closeBrace ? '"," or "}"' : '"," or "]"');
      at += 1;
      if (end === code.comma) break;
      closer = outer.pop() ?? 0;
    }
    if (closer === 0) return at;
  }
};
