import { isTold } from '../../domain/delivery/own-headers.ts';
import { plainLine } from '../../domain/text/plain-text.ts';
import type { WebhookRequest } from '../../stores/webhooks.ts';

/** Bytes that the attempt log keeps of a request. */
const keptBytes = 1024;

/** What may be told of a request: the headers that are no secrets, one a line, and how long its body is. */
export const requestText = ({ headers, body }: Pick<WebhookRequest, 'headers' | 'body'>): string => {
  const told = Object.entries(headers).filter(isTold);
  const lines = [...told, ['content-length', String(Buffer.byteLength(body))]].map(
    ([name = '', value = '']) => plainLine(`${name.toLowerCase()}: ${value}`),
  );
  // What is left of a character that is cut in its middle is taken off.
  return Buffer.from(lines.join('\n'))
    .subarray(0, keptBytes)
    .toString('utf8')
    .replace(/\ufffd$/, '');
};
