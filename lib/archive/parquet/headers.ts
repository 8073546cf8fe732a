import { JsonReader } from '../../domain/json/reader.ts';
import type { JsonText } from '../../domain/json/text.ts';
import { limits } from '../../domain/limits.ts';

/** A header as an element of the column `headers`. */
export interface Header {
  readonly key: string;
  readonly value: string;
}

/** The headers as a JSON object, in their order, each as often as it comes, without white space. */
export const headersText = (headers: readonly Header[]): JsonText => {
  let text = '';
  for (const { key, value } of headers) text += `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
  return `{${text.slice(1)}}` as JsonText;
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
  // Twice as fast as to read it in order; but an object has each name once, and those that are numbers first.
  const parsed = JSON.parse(text) as Record<string, string>;
  const list = Object.entries(parsed).map(([key, value]) => ({ key, value }));
  if (list.length === 0) return { list, exact: text };
  if (headersText(list) === text) return { list, exact: undefined };
  const inOrder = readInOrder(text);
  return { list: inOrder, exact: headersText(inOrder) === text ? undefined : text };
};
