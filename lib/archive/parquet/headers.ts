import { JsonReader } from '../../domain/json/reader.ts';
import type { JsonText } from '../../domain/json/text.ts';
import { limits } from '../../domain/limits.ts';

/** A header as an element of the column `headers`. */
export interface Header {
  readonly key: string;
  readonly value: string;
}

/** The headers as a JSON object, in their order, each as often as it comes, without white space. */
export const headersText = (keys: readonly string[], values: readonly string[]): JsonText => {
  let text = '';
  keys.forEach((key, index) => {
    text += `,${quoted(key)}:${quoted(values[index] ?? '')}`;
  });
  return `{${text.slice(1)}}` as JsonText;
};

/** No quote, backslash or control character, and no half of a pair of surrogates: what JSON writes as it is. */
const plain = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** As `JSON.stringify` writes it, in a third of the time for what has nothing to be escaped. */
const quoted = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

const [quote, comma, closeBrace] = [0x22, 0x2c, 0x7d];

/**
 * The headers of a text as `headersText` writes it, where nothing in it is escaped; undefined of any other. In JSON what is not
 * escaped need not be, so it says the same to the letter.
 */
const readPlain = (text: JsonText): readonly Header[] | undefined => {
  if (text.includes('\\')) return undefined;
  const headers: Header[] = [];
  for (let at = 1; text.charCodeAt(at) === quote; ) {
    const keyEnd = text.indexOf('"', at + 1);
    if (!text.startsWith('":"', keyEnd)) return undefined;
    const valueEnd = text.indexOf('"', keyEnd + 3);
    headers.push({ key: text.slice(at + 1, keyEnd), value: text.slice(keyEnd + 3, valueEnd) });
    const next = text.charCodeAt(valueEnd + 1);
    if (next === closeBrace && valueEnd + 2 === text.length) return headers;
    if (next !== comma) return undefined;
    at = valueEnd + 2;
  }
  return undefined;
};

const readInOrder = (text: JsonText): readonly Header[] => {
  const reader = new JsonReader(Buffer.from(text), limits.jsonDepth);
  const headers: Header[] = [];
  reader.fields(() => {
    const key = reader.name;
    headers.push({ key, value: reader.string() });
  });
  return headers;
};

/** Headers as they are archived. */
export interface ArchivedHeaders {
  readonly list: readonly Header[];
  /** What was given, where the list does not say it: it is empty, or `headersText` writes it without those escapes or spaces. */
  readonly exact: JsonText | undefined;
}

/** @param text an object of strings. */
export const archivedHeaders = (text: JsonText): ArchivedHeaders => {
  const plainList = readPlain(text);
  if (plainList !== undefined) return { list: plainList, exact: undefined };
  const list = readInOrder(text);
  const keys = list.map(({ key }) => key);
  const values = list.map(({ value }) => value);
  return { list, exact: list.length > 0 && headersText(keys, values) === text ? undefined : text };
};
