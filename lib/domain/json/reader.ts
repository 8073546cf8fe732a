import { isAscii } from 'node:buffer';
import {
  afterColon,
  afterName,
  afterSpace,
  afterString,
  afterValue,
  byteAt,
  code,
  unexpected,
} from './grammar.ts';
import type { JsonText } from './text.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * Reads a JSON text once, from its beginning to its end, and stands before a value at any time. Whoever uses it knows what
 * it looks for and takes it in the order of the text; what it does not look for is checked and passed over. Every method
 * throws JsonFault.
 */
export class JsonReader {
  readonly #text: Buffer;
  /** The text as a string, where a unit of it is a byte of the text: parts of it are cut without being decoded. */
  readonly #ascii: string | undefined;
  readonly #mostDepth: number;
  #at: number;
  #nameFrom = 0;
  #nameEnd = 0;
  /** Where the next backslash is, from the last string on that was looked at. */
  #escape = -1;

  /**
   * @param text valid UTF-8, which nobody changes while it is read.
   * @param mostDepth how many levels of arrays and objects a value may have that `value` takes.
   */
  constructor(text: Buffer, mostDepth: number) {
    this.#text = text;
    this.#ascii = isAscii(text) ? text.toString('latin1') : undefined;
    this.#mostDepth = mostDepth;
    this.#at = afterSpace(text, 0);
  }

  /** What the next value is, if it is one. */
  get kind(): JsonKind {
    switch (byteAt(this.#text, this.#at)) {
      case code.openBrace:
        return 'object';
      case code.openBracket:
        return 'array';
      case code.quote:
        return 'string';
      case 0x6e: // n
        return 'null';
      case 0x74: // t
      case 0x66: // f
        return 'boolean';
      default:
        return 'number';
    }
  }

  /** Takes the next value as it is written. */
  value(): JsonText {
    const from = this.#at;
    this.#at = afterValue(this.#text, from, this.#mostDepth);
    return this.#slice(from, this.#at) as JsonText;
  }

  /** Passes over the next value. */
  skip(): void {
    this.#at = afterValue(this.#text, this.#at, this.#mostDepth);
  }

  /** Takes the next value, a string, and gives what it says. */
  string(): string {
    const from = this.#at;
    this.#at = afterString(this.#text, from);
    return this.#said(from, this.#at);
  }

  /** Takes the next value, an array, item by item: `take` takes each. */
  items(take: (index: number) => void): void {
    this.#enter();
    if (this.#ends(code.closeBracket)) return;
    for (let index = 0; ; index += 1) {
      take(index);
      if (!this.#goesOn(code.closeBracket)) return;
    }
  }

  /**
   * Takes the next value, an object, field by field: `take` takes the value of each, and may look at `name` before it does.
   * A name may come again.
   */
  fields(take: () => void): void {
    this.#enter();
    if (this.#ends(code.closeBrace)) return;
    do {
      this.#nameFrom = this.#at;
      this.#nameEnd = afterName(this.#text, this.#at);
      this.#at = afterColon(this.#text, this.#nameEnd);
      take();
    } while (this.#goesOn(code.closeBrace));
  }

  /** What the name of the field says whose value is the next. */
  get name(): string {
    return this.#said(this.#nameFrom, this.#nameEnd);
  }

  /** The object that `take` reads with `fields`, as it is written. */
  fieldsAsText(take: () => void): JsonText {
    const from = this.#at;
    this.fields(take);
    return this.#slice(from, this.#at) as JsonText;
  }

  /** Nothing but white space may follow. */
  end(): void {
    const at = afterSpace(this.#text, this.#at);
    if (at < this.#text.length) throw unexpected(this.#text, at, 'the end of the text');
  }

  #enter(): void {
    this.#at = afterSpace(this.#text, this.#at + 1);
  }

  #ends(closer: number): boolean {
    if (byteAt(this.#text, this.#at) !== closer) return false;
    this.#at += 1;
    return true;
  }

  /** Whether something follows in the array or object; else it is left. */
  #goesOn(closer: number): boolean {
    const at = afterSpace(this.#text, this.#at);
    const byte = byteAt(this.#text, at);
    if (byte !== code.comma && byte !== closer)
      throw unexpected(this.#text, at, `"," or "${String.fromCharCode(closer)}"`);
    this.#at = byte === code.comma ? afterSpace(this.#text, at + 1) : at + 1;
    return byte === code.comma;
  }

  #said(from: number, end: number): string {
    if (this.#escape < from) {
      const found = this.#text.indexOf(code.backslash, from);
      this.#escape = found < 0 ? this.#text.length : found;
    }
    return this.#escape < end
      ? (JSON.parse(this.#slice(from, end)) as string)
      : this.#slice(from + 1, end - 1);
  }

  #slice(from: number, end: number): string {
    return this.#ascii?.slice(from, end) ?? this.#text.toString('utf8', from, end);
  }
}
