import { JsonFault } from './text.ts';

/**
 * The grammar of RFC 8259 as functions from the position where something begins to the position after it. One pass, no
 * copies, no recursion. The text is whole Unicode, as it is when it was decoded from UTF-8: only an escape can be half
 * of a surrogate pair.
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

/** What stands at `at` is not what JSON has there. */
export const unexpected = (text: string, at: number, expected: string): JsonFault =>
  at >= text.length
    ? new JsonFault('syntax', `The text ends where ${expected} is expected,`, at)
    : new JsonFault('syntax', `Expected ${expected}`, at);

export const afterSpace = (text: string, from: number): number => {
  for (let at = from; ; at += 1) {
    const unit = text.charCodeAt(at);
    // Most of what is looked at is no space: one comparison says so. Past the end it is NaN, which is no space either.
    if (!(unit <= space)) return at;
    if (unit !== space && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
  }
};

const hexDigit = (unit: number): number => {
  if (unit >= zero && unit <= nine) return unit - zero;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
};

/** The UTF-16 unit of the escape at `at`, or NaN when it is none of the form \uXXXX. */
const escapedUnit = (text: string, at: number): number => {
  if (text.charCodeAt(at) !== backslash || text.charCodeAt(at + 1) !== lowerU) return Number.NaN;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit += 1) unit = unit * 16 + hexDigit(text.charCodeAt(digit));
  return unit;
};

const isShortEscape = (unit: number): boolean => {
  switch (unit) {
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

const afterEscape = (text: string, at: number): number => {
  if (isShortEscape(text.charCodeAt(at + 1))) return at + 2;
  const unit = escapedUnit(text, at);
  if (Number.isNaN(unit)) throw unexpected(text, at, 'an escape that JSON knows');
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const low = unit < 0xdc00 ? escapedUnit(text, at + 6) : Number.NaN;
  if (low >= 0xdc00 && low <= 0xdfff) return at + 12;
  throw new JsonFault('surrogate', 'Half of a surrogate pair, which is no Unicode character,', at);
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they end what a string may hold as it is.
const plainRun = /[^"\\\u0000-\u001f]*/y;
/** So long a run of plain characters is gone through unit by unit; for what is longer a regular expression is faster. */
const shortRun = 64;

const afterPlain = (text: string, from: number): number => {
  plainRun.lastIndex = from;
  plainRun.test(text);
  return plainRun.lastIndex;
};

/** The position after the string that begins at `from` with its quote. */
export const afterString = (text: string, from: number): number => {
  let plainFrom = from + 1;
  for (let at = plainFrom; ; ) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return at + 1;
    if (unit === backslash) {
      at = afterEscape(text, at);
      plainFrom = at;
    } else if (unit >= 0x20) at = at - plainFrom < shortRun ? at + 1 : afterPlain(text, at);
    else
      throw unexpected(text, at, at < text.length ? 'an escape of a control character' : 'a closing quote');
  }
};

const isDigit = (unit: number): boolean => unit >= zero && unit <= nine;

const afterDigits = (text: string, from: number): number => {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  if (at === from) throw unexpected(text, at, 'a digit');
  return at;
};

/** The position after a number, from that after its whole part. */
const afterFraction = (text: string, from: number): number => {
  const at = text.charCodeAt(from) === dot ? afterDigits(text, from + 1) : from;
  const exponent = text.charCodeAt(at);
  if (exponent !== lowerE && exponent !== upperE) return at;
  const sign = text.charCodeAt(at + 1);
  return afterDigits(text, sign === plus || sign === minus ? at + 2 : at + 1);
};

const afterNumber = (text: string, from: number): number => {
  const at = text.charCodeAt(from) === minus ? from + 1 : from;
  return afterFraction(text, text.charCodeAt(at) === zero ? at + 1 : afterDigits(text, at));
};

const afterWord = (text: string, at: number): number => {
  for (const word of ['null', 'true', 'false']) if (text.startsWith(word, at)) return at + word.length;
  throw unexpected(text, at, 'a value');
};

/** The position after the value at `at`, which begins with `unit` and is neither an array nor an object. */
const afterScalar = (text: string, at: number, unit: number): number => {
  if (unit === quote) return afterString(text, at);
  return isDigit(unit) || unit === minus ? afterNumber(text, at) : afterWord(text, at);
};

/** The position after the name of a field that begins at `at`. */
export const afterName = (text: string, at: number): number => {
  if (text.charCodeAt(at) !== quote) throw unexpected(text, at, 'a name in double quotes');
  return afterString(text, at);
};

/** The position of a field's value, from that after its name. */
export const afterColon = (text: string, from: number): number => {
  const at = afterSpace(text, from);
  if (text.charCodeAt(at) !== code.colon) throw unexpected(text, at, '":"');
  return afterSpace(text, at + 1);
};

/** The position of a field's value, from that of its name. */
const afterNameAndColon = (text: string, at: number): number => afterColon(text, afterName(text, at));

/** What closes an array or object that `opener` opens: in ASCII the one comes two after the other. */
const closerOf = (opener: number): number => opener + 2;

/**
 * The position after the value that begins at `from`. Five megabytes may have 2.6 million values: every unit is looked at
 * as seldom as can be.
 * @param mostDepth how many levels of arrays and objects it may have.
 * @throws JsonFault
 */
export const afterValue = (text: string, from: number, mostDepth: number): number => {
  /** What closes the innermost array or object that is open, 0 for none, and those around it. */
  let closer = 0;
  const outer: number[] = [];
  for (let at = from; ; ) {
    const unit = text.charCodeAt(at);
    if (unit === code.openBrace || unit === code.openBracket) {
      if (outer.length === mostDepth) throw new JsonFault('depth', 'One level too many begins', at);
      at = afterSpace(text, at + 1);
      if (text.charCodeAt(at) !== closerOf(unit)) {
        outer.push(closer);
        closer = closerOf(unit);
        if (closer === code.closeBrace) at = afterNameAndColon(text, at);
        continue;
      }
      at += 1;
    } else at = afterScalar(text, at, unit);
    // A value has ended, and with it perhaps those that it is in.
    for (;;) {
      if (closer === 0) return at;
      at = afterSpace(text, at);
      const end = text.charCodeAt(at);
      if (end === code.comma) {
        at = afterSpace(text, at + 1);
        if (closer === code.closeBrace) at = afterNameAndColon(text, at);
        break;
      }
      if (end !== closer)
        throw unexpected(text, at, closer === code.closeBrace ? '"," or "}"' : '"," or "]"');
      closer = outer.pop() ?? 0;
      at += 1;
    }
  }
};
