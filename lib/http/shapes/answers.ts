import { eventJson } from '../../domain/cloud-events/event.ts';
import { eventBatchType } from '../../domain/cloud-events/names.ts';
import { Problem } from '../../domain/errors.ts';
import { jsonInOneLine } from '../../domain/json/text.ts';
import { type LogRecord, recordJson } from '../../domain/records/records.ts';
import { negotiated } from './accept.ts';
import { lineTypes } from './types.ts';

/** What a fetch gives, in whatever shape. */
export interface Page {
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  readonly startOffset: number;
  readonly endOffset: number;
}

/** Types that a fetch answers with, the one first that is meant where none is asked for. */
export const fetchedTypes = ['application/json', ...lineTypes, eventBatchType];

/**
 * The type of a fetch's answer.
 * @throws Problem `not_acceptable`
 */
export const fetchedType = (accept: string | undefined): string => {
  if (accept === undefined || accept === '*/*') return 'application/json';
  const type = negotiated(accept, fetchedTypes);
  if (type !== undefined) return type;
  throw new Problem('not_acceptable', `Accept one of ${fetchedTypes.join(', ')}.`, {
    members: { available: fetchedTypes },
  });
};

/** Characters of an answer that are put together before they are encoded. V8 keeps so short a text among its small objects. */
const pieceLength = 60_000;

/**
 * Put together as text, since records are text, and as bytes in the end, since a text is measured before it is sent: by pieces,
 * so that no text is there as long as the answer, which costs time and memory of its own.
 */
export const joined = <Each>(
  records: readonly Each[],
  shape: {
    readonly before?: string;
    readonly between?: string;
    readonly after?: string;
    readonly each: (record: Each) => string;
  },
): Uint8Array<ArrayBuffer> => {
  const { before = '', between = '', after = '', each } = shape;
  const pieces: string[] = [];
  let text = before;
  for (const [index, record] of records.entries()) {
    text += index === 0 ? each(record) : between + each(record);
    if (text.length < pieceLength) continue;
    pieces.push(text);
    text = '';
  }
  pieces.push(text + after);
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0));
  let at = 0;
  for (const piece of pieces) at += bytes.write(piece, at);
  return bytes;
};

const inJson = ({ records, ...offsets }: Page): Uint8Array<ArrayBuffer> => {
  const { nextOffset, startOffset, endOffset } = offsets;
  const after = `],${JSON.stringify({ nextOffset, startOffset, endOffset }).slice(1)}`;
  return joined(records, { before: '{"records":[', between: ',', after, each: recordJson });
};

interface FetchAnswer {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Beside its type. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A fetch's answer in the shape of `type`, one of `fetchedTypes`. Where the body has no place for them, offsets are headers.
 * @param topic its name.
 */
export const fetchAnswer = (page: Page, type: string, topic: string): FetchAnswer => {
  // It may be compressed as well.
  const headers = { vary: 'accept, accept-encoding' };
  if (type === 'application/json') return { body: inJson(page), headers };
  const { records, nextOffset, startOffset, endOffset } = page;
  const body =
    type === eventBatchType
      ? joined(records, { before: '[', between: ',', after: ']', each: (record) => eventJson(record, topic) })
      : joined(records, { each: (record) => `${jsonInOneLine(recordJson(record))}\n` });
  return {
    body,
    headers: {
      ...headers,
      'millrace-next-offset': `${nextOffset}`,
      'millrace-start-offset': `${startOffset}`,
      'millrace-end-offset': `${endOffset}`,
    },
  };
};
