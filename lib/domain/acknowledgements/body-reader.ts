import { type Acknowledgement, acknowledgementOf, unclear } from './acknowledgement.ts';
import { JsonScanner } from './json-scanner.ts';

/** What is known of a body before it is read. */
export interface BodyKind {
  /** It is declared as JSON. */
  readonly json?: boolean;
  /** It is declared as text or media for people, of whatever encoding. */
  readonly page?: boolean;
  /** How its characters are encoded is not known: only what reads as JSON is what it seems to be. */
  readonly uncertain?: boolean;
}

/** The word `ack`, or an escape that may be one of its letters. */
const mention = /[^a-z0-9_]ack[^a-z0-9_]|\\u00[46][13b]/i;
const longestMention = 6;
/** JSON strings that are longer are not looked into. */
const longestString = 64 * 1024;

const all: Acknowledgement = { kind: 'all' };
const unreadable = unclear('The endpoint answered with an "ack" that cannot be read as JSON.');
const undecodable = unclear(
  'The endpoint answered in an encoding that cannot be read, which may hide an "ack".',
);
const tooEarly = unclear('The endpoint answered with JSON that ends too early, which may hide an "ack".');
const tooLong = unclear('The endpoint answered with more than is read, which may hide an "ack".');
const quoted = unclear('The endpoint answered with an "ack" within a JSON string: an object is expected.');

type Looks = 'empty' | 'document' | 'string' | 'text' | 'illegible';

/** By the first character that is no blank. */
const looksOf = (first: string): Looks => {
  if (first === '{' || first === '[') return 'document';
  if (first === '"') return 'string';
  return first === '\0' || first === '\uFFFD' ? 'illegible' : 'text';
};

/**
 * Reads the body of a 2xx answer, in pieces as they come and in bounded memory, for the `ack` that says which records
 * are acknowledged. Nothing that was not acknowledged may be lost: what may hold an `ack` and is not understood is
 * `unclear`. Everything else acknowledges all, pages of HTML and plain text too.
 */
export class BodyReader {
  readonly #kind: BodyKind;
  readonly #scanner = new JsonScanner();
  #looks: Looks = 'empty';
  #mentioned = false;
  /** The end of what came, where the beginning of a mention may be. */
  #tail = ' ';
  /** Of a body that is one JSON string, while it is not too long. */
  #string = '';

  constructor(kind: BodyKind = {}) {
    this.#kind = kind;
  }

  write(text: string): void {
    const content = this.#looks === 'empty' ? text.trimStart() : text;
    if (content === '') return;
    if (this.#looks === 'empty') this.#looks = looksOf(content.charAt(0));
    if (this.known !== undefined) return;
    const searched = this.#tail + content;
    this.#mentioned ||= mention.test(searched);
    this.#tail = searched.slice(1 - longestMention);
    this.#scanner.write(content);
    if (this.#looks === 'string' && this.#string.length <= longestString) this.#string += content;
  }

  /** What the answer says, once nothing that follows can change it. */
  get known(): Acknowledgement | undefined {
    const { json, page, uncertain } = this.#kind;
    if (this.#looks === 'illegible') return page ? all : undecodable;
    if (this.#looks !== 'text') return undefined;
    if (page) return all;
    if (uncertain) return undecodable;
    // Where JSON is declared, warnings or a prefix may stand before it.
    return json ? undefined : all;
  }

  /** What the answer says when this is the whole of it. */
  ended(): Acknowledgement {
    if (this.known !== undefined) return this.known;
    if (this.#looks === 'empty') return all;
    // So that a number or a word that is all of it comes to its end.
    this.#scanner.write(' ');
    if (this.#scanner.state === 'malformed') return this.#malformed();
    if (this.#scanner.state === 'open') return tooEarly;
    if (this.#looks === 'string') return this.#withinString();
    const { found } = this.#scanner;
    if (found === undefined) return all;
    return found.kind === 'member' ? acknowledgementOf(found.text) : unclear(found.reason);
  }

  /** What it says when more was to come; undefined when that may have changed it. */
  brokenOff(): Acknowledgement | undefined {
    return this.#scanner.state === 'complete' ? this.ended() : this.known;
  }

  /** What it says when more is to come than is read. */
  cutOff(): Acknowledgement {
    return this.known ?? tooLong;
  }

  #malformed(): Acknowledgement {
    if (this.#kind.uncertain && !this.#kind.page) return undecodable;
    return this.#mentioned || mention.test(`${this.#tail} `) ? unreadable : all;
  }

  #withinString(): Acknowledgement {
    if (this.#string.length > longestString) return this.#mentioned ? quoted : all;
    try {
      const inner = new BodyReader();
      inner.write(JSON.parse(this.#string) as string);
      return inner.ended().kind === 'all' ? all : quoted;
    } catch {
      return this.#malformed();
    }
  }
}

/** What `body`, the whole of it, says. */
export const acknowledgementIn = (body: string, kind?: BodyKind): Acknowledgement => {
  const reader = new BodyReader(kind);
  reader.write(body);
  return reader.ended();
};
