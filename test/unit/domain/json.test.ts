import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterSpace, afterValue } from '../../../lib/domain/json/grammar.ts';
import { JsonReader } from '../../../lib/domain/json/reader.ts';
import { JsonFault, jsonText } from '../../../lib/domain/json/text.ts';
import { halves, invalid, valid } from './json-corpus.ts';

const mostDepth = 100;

/** What is wrong with `text` as one JSON value; undefined when it is one. */
const faultOf = (text: string): JsonFault | undefined => {
  try {
    const reader = new JsonReader(Buffer.from(text), mostDepth);
    reader.skip();
    reader.end();
    return undefined;
  } catch (error) {
    if (error instanceof JsonFault) return error;
    throw error;
  }
};

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isWhole = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).every(([name, item]) => name.isWellFormed() && isWhole(item))
    : typeof value !== 'string' || value.isWellFormed();

/**
 * Expects that `text` is taken exactly when JSON.parse takes it, and its strings are whole Unicode. What is not whole before
 * it is parsed cannot come out of UTF-8.
 */
const expectAsParsed = (text: string): void => {
  if (!text.isWellFormed()) return;
  const accepted = parses(text) && isWhole(JSON.parse(text));
  expect({ text, accepted: faultOf(text) === undefined }).toEqual({ text, accepted });
};

describe('the grammar of JSON', () => {
  it.each(Object.entries(valid))('takes %s', (_what, texts) => {
    for (const text of texts) {
      expect({ text, fault: faultOf(text), parses: parses(text) }).toEqual({ text, parses: true });
      const bytes = Buffer.from(text);
      const from = afterSpace(bytes, 0);
      expect(bytes.toString('utf8', from, afterValue(bytes, from, mostDepth))).toBe(text.trim());
    }
  });

  it.each(Object.entries(invalid))('refuses %s', (_what, texts) => {
    for (const text of texts) {
      expect({ text, kind: faultOf(text)?.kind }).toEqual({ text, kind: 'syntax' });
      expect(parses(text)).toBe(false);
    }
  });

  it('refuses half of a surrogate pair, wherever it stands', () => {
    for (const text of halves) {
      expect({ text, kind: faultOf(text)?.kind }).toEqual({ text, kind: 'surrogate' });
      expect(parses(text)).toBe(true);
    }
  });

  it('is that of JSON.parse for every part of a text, and for every text with a character more or other', () => {
    const texts = [...Object.values(valid), ...Object.values(invalid), halves].flat();
    const strange = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      '.',
      'e',
      'u',
      ' ',
      '\n',
      '\u0001',
      'n',
      '+',
    ];
    for (const text of texts.filter(({ length }) => length < 40)) {
      for (let at = 0; at <= text.length; at += 1) {
        expectAsParsed(text.slice(0, at));
        expectAsParsed(text.slice(at));
        for (const other of strange) {
          expectAsParsed(text.slice(0, at) + other + text.slice(at));
          expectAsParsed(text.slice(0, at) + other + text.slice(at + 1));
        }
      }
    }
  });

  it('is that of JSON.parse for whatever is JSON, with white space anywhere', () => {
    const space = fc.constantFrom('', ' ', '\n', '\t\r ');
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.array(space), (text, spaces) => {
        let at = 0;
        const spaced = text.replaceAll(
          /[[\]{}:,]/g,
          (sign) => `${spaces[at++ % spaces.length] ?? ''}${sign}`,
        );
        expectAsParsed(text);
        expectAsParsed(spaced);
      }),
      { numRuns: 300 },
    );
  });

  it('is that of JSON.parse for whatever looks a little like JSON', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"a"',
        '"a":',
        '\\',
        '\\u00',
        'd83d',
        '\\ude00',
        '0',
        '1.5',
        '-',
        'e3',
      ],
      ...['true', 'null', ' ', '\n', 'é', '😀', '\u0000', '/'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => expectAsParsed(pieces.join(''))),
      { numRuns: 5_000 },
    );
  });

  it('counts arrays and objects, empty ones too, and ends at the first level too many however deep it goes', () => {
    const nested = (open: string, inner: string, close: string, depth: number): string =>
      open.repeat(depth) + inner + close.repeat(depth);
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[1,{"a":', '}]'],
    ] as const) {
      const most = mostDepth / (open.split(/[[{]/).length - 1);
      expect(faultOf(nested(open, '1', close, most))).toBeUndefined();
      expect(faultOf(nested(open, '[]', close, most))).toMatchObject({ kind: 'depth' });
      expect(faultOf(nested(open, '{}', close, most))).toMatchObject({ kind: 'depth' });
    }
    const endless = '['.repeat(5_000_000);
    expect(faultOf(endless)).toMatchObject({
      kind: 'depth',
      message: expect.stringContaining('byte 100.'),
    });
  });

  it.each([
    ['{"a":1 "b":2}', 'Expected "," or "}" at byte 7.'],
    ['[1,2', 'The text ends where "," or "]" is expected, at byte 4.'],
    ['{"a";1}', 'Expected ":" at byte 4.'],
    ['{a:1}', 'Expected a name in double quotes at byte 1.'],
    ['[1,]', 'Expected a value at byte 3.'],
    ['"\\x"', 'Expected an escape that JSON knows at byte 1.'],
    ['-', 'The text ends where a digit is expected, at byte 1.'],
    ['1 1', 'Expected the end of the text at byte 2.'],
    ['"ab', 'The text ends where a closing quote is expected, at byte 3.'],
    ['"a\nb"', 'Expected an escape of a control character at byte 2.'],
    ['"a\\ud800"', 'Half of a surrogate pair, which is no Unicode character, at byte 2.'],
  ])('says what it expected and where, of %j', (text, message) => {
    expect(faultOf(text)?.message).toBe(message);
  });
});

describe('a JSON text as it is read', () => {
  it('gives values as they were written, and strings as what they say', () => {
    const text = ' {"a" : [ 1.0,\n2 ] , "\\u0062":"x\\ty", "c":{"d":-0} } ';
    const reader = new JsonReader(Buffer.from(text), mostDepth);
    const read: unknown[] = [];
    const whole = reader.fieldsAsText(() => {
      read.push(reader.name, reader.kind, reader.kind === 'string' ? reader.string() : reader.value());
    });
    reader.end();
    expect(read).toEqual(['a', 'array', '[ 1.0,\n2 ]', 'b', 'string', 'x\ty', 'c', 'object', '{"d":-0}']);
    expect(whole).toBe('{"a" : [ 1.0,\n2 ] , "\\u0062":"x\\ty", "c":{"d":-0} }');
  });

  it('gives every string and every item of every array as JSON.parse does', () => {
    const texts = fc.array(fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(texts, fc.boolean(), (strings, escaped) => {
        const text = escaped
          ? JSON.stringify(strings).replaceAll(/[a-z]/g, escapeOf)
          : JSON.stringify(strings);
        // What replaces a letter of an escape makes another escape: the oracle knows.
        fc.pre(parses(text) && isWhole(JSON.parse(text)));
        const reader = new JsonReader(Buffer.from(text), mostDepth);
        const read: string[] = [];
        reader.items((index) => {
          expect(index).toBe(read.length);
          read.push(reader.string());
        });
        expect(read).toEqual(JSON.parse(text));
      }),
    );
  });

  it('tells kinds apart by how a value begins', () => {
    const kinds = ['{}', '[]', '""', '0', '-1', 'true', 'false', 'null'].map(
      (text) => new JsonReader(Buffer.from(text), 1).kind,
    );
    expect(kinds).toEqual(['object', 'array', 'string', 'number', 'number', 'boolean', 'boolean', 'null']);
  });
});

const escapeOf = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

describe('a value as JSON text', () => {
  it('is what JSON.stringify makes of it, and null where that makes nothing', () => {
    expect([jsonText({ a: [1, null, 'é'] }), jsonText('x'), jsonText(undefined)]).toEqual([
      '{"a":[1,null,"é"]}',
      '"x"',
      'null',
    ]);
  });
});
