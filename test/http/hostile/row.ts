import { compressed } from '../bodies/codings.ts';

/** A request that is wrong, and what it is answered. */
export interface Row {
  readonly what: string;
  /** Method and path. */
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly status: number;
  readonly code: string;
  /** A part of what it is told, in the detail or in the errors of fields. */
  readonly told: RegExp;
}

export const produceLine = 'POST /v1/topics/orders/records';
export const fetchPath = '/v1/topics/orders/partitions/0/records';

type Answered = readonly [status: number, code: string, told: RegExp];

/** Records that are wrong. */
export const produced = (
  what: string,
  body: string | Uint8Array,
  [status, code, told]: Answered,
  headers: Readonly<Record<string, string>> = {},
): Row => ({ what, line: produceLine, headers, body, status, code, told });

export const invalid = (told: RegExp): Answered => [400, 'invalid_request', told];
export const beyond = (limit: string): Answered => [400, 'limit_exceeded', new RegExp(limit)];
export const tooLarge = (limit: string): Answered => [413, 'too_large', new RegExp(limit)];

/** A fetch or a list that is asked for wrongly. */
export const asked = (query: string, [status, code, told]: Answered): Row => ({
  what: `?${query.slice(0, 40)}`,
  line: `GET ${fetchPath}?${query}`,
  status,
  code,
  told,
});

const { gzip, br, zstd } = compressed;

/** Zeros by the gigabyte, in few bytes: those that a mebibyte takes, again and again, so that it is made in no time. */
export const bombs = (): Readonly<Record<'gzip' | 'br' | 'zstd', Buffer>> => ({
  gzip: Buffer.concat(Array.from({ length: 1000 }, () => gzip(Buffer.alloc(1024 * 1024)))),
  br: br(Buffer.alloc(64 * 1024 * 1024)),
  zstd: zstd(Buffer.alloc(64 * 1024 * 1024)),
});
