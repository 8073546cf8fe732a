import type { ApiContext } from '../api.ts';
import { wantedCoding } from './codings.ts';
import { compress } from './compress.ts';

/** What is smaller goes as it is: it takes one packet of a network either way. */
const leastBytes = 1_200;

/**
 * An answer, compressed where its request asks for that and it is made smaller by it. By hand, since Hono's middleware makes a
 * stream of what is here as a whole, and knows neither zstd, brotli nor weights.
 *
 * On AWS bytes go to the gateway as base64, which takes four for three: a compressed answer is never longer than the one that
 * it is made of, so that what fits there fits compressed too.
 */
export const answerBytes = async (
  c: ApiContext,
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  further: Readonly<Record<string, string>> = {},
): Promise<Response> => {
  const headers = { 'content-type': contentType, vary: 'accept-encoding', ...further };
  const coding = bytes.byteLength < leastBytes ? undefined : wantedCoding(c.req.header('accept-encoding'));
  if (coding === undefined) return c.body(bytes, 200, headers);
  const compressed = await compress(coding, bytes);
  if (compressed.byteLength >= bytes.byteLength) return c.body(bytes, 200, headers);
  return c.body(compressed, 200, { ...headers, 'content-encoding': coding });
};

/** The same of a value, as JSON. */
export const answerJson = (c: ApiContext, value: object): Promise<Response> =>
  answerBytes(c, Buffer.from(JSON.stringify(value)), 'application/json');
