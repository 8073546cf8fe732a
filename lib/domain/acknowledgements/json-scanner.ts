/** An `ack` that was found. */
export type Found =
  /** The one member of this name of the outermost object; `text` is its value as it stands there. */
  | { readonly kind: 'member'; readonly text: string }
  | { readonly kind: 'misplaced' /** A whole sentence. */; readonly reason: string };

type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'nothing';

/** Longer values of `ack` are not kept. */
const longestAck = 64 * 1024;
/** Of a name as it stands there: "ack" written in escapes alone has 18 characters. */
const longestName = 24;
/** Deeper nesting is taken for malformed. */
const deepest = 10_000;

/** Classes of characters, by code; what is not ASCII is of none. */
const classes = new Uint8Array(128);
const blank = 1;
/** Of numbers and words. NaN and the like are let through: they hide nothing. */
const scalar = 2;
for (const char of ' \t\n\r\f\v') classes[char.charCodeAt(0)] = blank;
for (const char of '+-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  classes[char.charCodeAt(0)] = scalar;

/**
 * Looks for the name `ack` at the top of a JSON document that comes in pieces, in memory that does not grow with it. At
 * the top are the outermost object, and the objects in outermost arrays. It checks that brackets, names, colons and
 * commas are in order, and is not strict about numbers and what is in strings.
 */
export class JsonScanner {
  /** `malformed`: it is no JSON, whatever comes. `complete`: it is, if only blanks come. */
  state: 'open' | 'complete' | 'malformed' = 'open';
  /** What was found up to now. */
  found: Found | undefined;
  readonly #open: ('{' | '[')[] = [];
  #objects = 0;
  #expected: Expected = 'value';
  #string: 'name' | 'value' | undefined;
  #escaped = false;
  #inScalar = false;
  /** The name that is read, as far as it may be `ack`. */
  #name = '';
  /** The value of `ack` as far as it is read. */
  #kept: string | undefined;

  write(text: string): void {
    for (let at = 0; at < text.length && this.state !== 'malformed'; at += 1) {
      if (this.#kept === undefined) at = this.#endOfPlain(text, at);
      if (at < text.length) this.#take(text.charAt(at));
    }
  }

  /** The first character from `at` on that may change something; what is between is most of a document. */
  #endOfPlain(text: string, at: number): number {
    let end = at;
    if (this.#string === 'value' && !this.#escaped)
      while (end < text.length && text.charCodeAt(end) !== 0x22 && text.charCodeAt(end) !== 0x5c) end += 1;
    else if (this.#string === undefined) {
      const plain = this.#inScalar ? scalar : blank;
      while (end < text.length && classes[text.charCodeAt(end)] === plain) end += 1;
    }
    return end;
  }

  #take(char: string): void {
    if (this.#kept !== undefined) this.#keep(char);
    const kind = classes[char.charCodeAt(0)];
    if (this.#string !== undefined) this.#inString(char, this.#string);
    else if (!this.#inScalar || kind !== scalar) {
      if (this.#inScalar) this.#afterValue(1);
      this.#inScalar = false;
      if (kind !== blank && !this.#fits(char, kind === scalar)) this.state = 'malformed';
    }
  }

  #keep(char: string): void {
    this.#kept += char;
    if (this.#kept === undefined || this.#kept.length <= longestAck) return;
    this.#kept = undefined;
    this.#misplaced('The endpoint answered with an "ack" that is too long to read.');
  }

  #inString(char: string, what: 'name' | 'value'): void {
    const ends = char === '"' && !this.#escaped;
    this.#escaped = char === '\\' && !this.#escaped;
    if (what === 'name' && !ends && this.#name.length <= longestName) this.#name += char;
    if (!ends) return;
    this.#string = undefined;
    if (what === 'name') this.#expected = 'colon';
    else this.#afterValue(0);
  }

  /** Takes what is no blank, outside strings. @returns whether it may stand here. */
  #fits(char: string, isScalar: boolean): boolean {
    switch (this.#expected) {
      case 'value or end':
        return char === ']' ? this.#closes('[') : this.#value(char, isScalar);
      case 'value':
        return this.#value(char, isScalar);
      case 'name or end':
        return char === '}' ? this.#closes('{') : this.#beginsName(char);
      case 'name':
        return this.#beginsName(char);
      case 'colon':
        if (char === ':') this.#afterName();
        return char === ':';
      case 'comma or end':
        if (char !== ',') return (char === '}' && this.#closes('{')) || (char === ']' && this.#closes('['));
        this.#expected = this.#open.at(-1) === '{' ? 'name' : 'value';
        return true;
      case 'nothing':
        return false;
    }
  }

  #value(char: string, isScalar: boolean): boolean {
    if (char === '{' || char === '[') return this.#opens(char);
    this.#inScalar = isScalar;
    if (char === '"') this.#string = 'value';
    return isScalar || char === '"';
  }

  #beginsName(char: string): boolean {
    this.#string = 'name';
    this.#name = '';
    return char === '"';
  }

  #opens(bracket: '{' | '['): boolean {
    this.#open.push(bracket);
    if (bracket === '{') this.#objects += 1;
    this.#expected = bracket === '{' ? 'name or end' : 'value or end';
    return this.#open.length <= deepest;
  }

  #closes(bracket: '{' | '['): boolean {
    if (this.#open.pop() !== bracket) return false;
    if (bracket === '{') this.#objects -= 1;
    this.#afterValue(0);
    return true;
  }

  /** @param beyond characters that were kept and are no longer of the value. */
  #afterValue(beyond: number): void {
    this.#expected = this.#open.length === 0 ? 'nothing' : 'comma or end';
    if (this.#open.length === 0) this.state = 'complete';
    if (this.#kept === undefined || this.#open.length > 1) return;
    this.found ??= { kind: 'member', text: this.#kept.slice(0, this.#kept.length - beyond) };
    this.#kept = undefined;
  }

  /** Behind its colon. */
  #afterName(): void {
    this.#expected = 'value';
    if (this.#objects !== 1 || this.#open.at(-1) !== '{') return;
    const name = this.#name.length > longestName ? '' : plain(this.#name);
    if (name === undefined) this.#misplaced('The endpoint answered with a name in JSON that cannot be read.');
    else if (name !== 'ack' && name.toLowerCase() === 'ack')
      this.#misplaced('The endpoint answered with an "ack" in capital letters.');
    else if (name === 'ack' && this.#open.length > 1)
      this.#misplaced('The endpoint answered with an "ack" within an array: one object is expected.');
    else if (name === 'ack' && this.found !== undefined)
      this.#misplaced('The endpoint answered with more than one "ack".');
    else if (name === 'ack') this.#kept = '';
  }

  #misplaced(reason: string): void {
    this.found = { kind: 'misplaced', reason };
  }
}

/** What a string stands for; undefined when its escapes cannot be read. */
const plain = (raw: string): string | undefined => {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
};
