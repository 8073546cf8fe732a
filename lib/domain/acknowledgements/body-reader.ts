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
/** A member of this name, which no page for people has. */
const member = /["'](?:a|\\u0061)(?:c|\\u0063)(?:k|\\u006b)\\?["']\s{0,20}:/i;
/** Of either, so that one that comes in two pieces is found. */
const longestMention = 48;
/** A page is searched for as many characters: warnings and prefixes stand before the document. */
const searchedOfPage = 64 * 1024;
/** A whole page, whatever its scripts say; warnings of PHP begin with other tags. */
const html = /^<(?:!doctype|html)/i;
/** What neither JSON nor text has: the body is compressed or in another encoding than it seems. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const notText = /[\uFFFD\u0000-\u0008\u000e-\u001f]/;
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
 * `unclear`. Everything else acknowledges all: pages of HTML too, and text without a member `"ack":`.
 */
export class BodyReader {
  readonly #kind: BodyKind;
  readonly #scanner = new JsonScanner();
  #looks: Looks = 'empty';
  #mentioned = false;
  #hasMember = false;
  #isText = true;
  #searched = 0;
  #head = '';
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
    this.#hasMember ||= member.test(searched);
    this.#isText &&= !notText.test(content);
    this.#searched += content.length;
    if (this.#head.length < longestMention) this.#head += content.slice(0, longestMention);
    this.#tail = searched.slice(1 - longestMention);
    this.#scanner.write(content);
    if (this.#looks === 'string' && this.#string.length <= longestString) this.#string += content;
  }

  /** What the answer says, once nothing that follows can change it. */
  get known(): Acknowledgement | undefined {
    if (this.#looks === 'illegible') return this.#kind.page ? all : undecodable;
    if (this.#looks !== 'text') return undefined;
    if (!this.#isPage) return this.#kind.uncertain ? undecodable : undefined;
    if (html.test(this.#head)) return all;
    if (this.#hasMember) return unreadable;
    return this.#searched > searchedOfPage ? all : undefined;
  }

  /** What the answer says when this is the whole of it. */
  ended(): Acknowledgement {
    if (this.known !== undefined) return this.known;
    if (this.#looks === 'empty' || this.#isPage) return all;
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
    return this.#scanner.state === 'complete' || this.#isPage ? this.ended() : this.known;
  }

  /** What it says when more is to come than is read. */
  cutOff(): Acknowledgement {
    return this.known ?? tooLong;
  }

  /** Neither JSON nor declared as such: it is for people. */
  get #isPage(): boolean {
    const { json, page, uncertain } = this.#kind;
    // Where JSON is declared, warnings or a prefix may stand before it.
    return this.#looks === 'text' && (page === true || !(json || uncertain));
  }

  #malformed(): Acknowledgement {
    if (!this.#kind.page && (this.#kind.uncertain || !this.#isText)) return undecodable;
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
