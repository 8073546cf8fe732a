import { paths } from '../../../lib/http/paths.ts';
import { adminKey } from '../world.ts';
import type { WireRequest } from './wire.ts';

/** What there is in the world that the table is sent to. */
export const names: Readonly<Record<string, string>> = {
  topic: 'orders',
  partition: '0',
  group: 'audit',
  endpoint: 'none',
  key: 'none',
};

export const request = (
  line: string,
  { headers = [], body = '' }: { headers?: WireRequest['headers']; body?: string | Buffer } = {},
): WireRequest => {
  const space = line.indexOf(' ');
  const given = headers.map(([name]) => name.toLowerCase());
  return {
    method: line.slice(0, space),
    target: line.slice(space + 1),
    headers: [
      ['Host', 'broker.example.com'],
      ...(given.includes('authorization') ? [] : [['Authorization', `Bearer ${adminKey}`] as const]),
      ...(body === '' || given.includes('content-type')
        ? []
        : [['Content-Type', 'application/json'] as const]),
      ...headers,
    ],
    body: Buffer.from(body),
  };
};

const filled = (path: string): string =>
  path.replaceAll(/:(\w+)/g, (_all, name: string) => names[name] ?? 'none');

/** Every path of the interface, with the names of things that are there. */
export const knownPaths: readonly string[] = Object.keys(paths).map(filled);

export const methodsOf = (path: string): readonly string[] =>
  Object.entries(paths).flatMap(([pattern, methods]) =>
    filled(pattern) === path ? Object.keys(methods) : [],
  );

/** Put behind a name: none of these is a part of a name, and none may be cut off from it. */
export const surplus = [
  '%23x',
  '%2523x',
  '%253Fx',
  '%09',
  '%0A',
  '%0D%0A',
  '%00',
  '%7F',
  '%20',
  '%2520',
  '+',
  ';v=1',
  '%3Bv=1',
  '%2F',
  '%252F',
  '%2Fx',
  '%5C',
  '%5C..',
  '%C3%A9',
  '%FF',
  '%C0%AF',
  '%ED%A0%80',
  '%',
  '%zz',
  '%2',
  '%25',
  '%25zz',
  '%2525',
  '%2e%2e%2f',
  '/',
  '//',
  '/.',
  '/..',
  '/%2e',
  '/%2E%2e',
  '/%252e%252e',
  '%2F..',
  '/x',
  '@',
  ':',
  '*',
  "'",
  '"',
  '|',
  '^',
  '{}',
  'n'.repeat(200),
  'n'.repeat(8500),
] as const;

/** Those of them that make no other name of a name, with what they are shown as. */
export const notNames: readonly (readonly [string, string])[] = surplus.map((odd) => [odd.slice(0, 20), odd]);

/** Odd ways to write a path that is there: undone, they are that path. */
const rewritten = (path: string): readonly string[] => [
  `/${path}`,
  path.replace('/v1', '/v1/'),
  path.replace('/v1', '/V1'),
  path.replace('/v1', '/%761'),
  path.replace('/v1', '/%25761'),
  path.replace('/v1', '/v1/./'),
  path.replace('/v1', '/x/../v1'),
  path.replace('/v1', '/x/%2e%2E/v1'),
  path.replace('/v1/', '/v1%2F'),
  path.replace('/v1/', '/v1%252F'),
  path.replace('/v1/', '/v1%5C'),
  path.replace('orders', '%6frders'),
  path.replace('orders', 'ORDERS'),
  path.replace('/v1', '/prod/v1'),
];

/** Enough for a part that is always the same: what ends one, what divides two, and what is cut off. */
const fewer = ['%23x', '%253Fx', '%09', '%2F', '/', '/..', '%FF', '%25', 'x'];

/**
 * Every path with something odd behind each of its parts, all of it behind its names, by the methods that it takes.
 * Nothing that is done by mistake is undone so easily.
 */
export const oddPaths = (path: string): readonly WireRequest[] => {
  const parts = path.split('/');
  const isName = (part: string): boolean => Object.values(names).includes(part);
  const targets = parts.flatMap((part, at) =>
    (at === 0 ? [] : isName(part) ? surplus : fewer).map((odd) =>
      parts.map((own, i) => (i === at ? own + odd : own)).join('/'),
    ),
  );
  const taken = [...methodsOf(path), 'OPTIONS'];
  return [...targets, ...rewritten(path)].flatMap((target) =>
    taken.map((method) => request(`${method} ${target}`)),
  );
};

export const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'get',
  'Delete',
  'patch',
  'BREW',
] as const;

export const oddQueries = [
  '',
  '?',
  '&',
  'x',
  'x=1',
  '=',
  'offset=0&offset=1',
  'offset=0&offset=0',
  'offset=%30',
  '%6fffset=0',
  'offset=+0',
  'offset=0+',
  'offset=%2B0',
  'offset=',
  'offset',
  'offset=%zz',
  'offset=%',
  'offset=%FF',
  'offset=%00',
  'offset=0%23x',
  'offset=0#x',
  'offset=0#&limit=x',
  'offset=0;limit=1',
  'offset=0&&limit=1',
  'offset=0&',
  'limit=1&Limit=2',
  'offset[]=0',
  'offset=1e1',
  'offset=9999999999999999',
  'offset=-1',
  'offset=latest',
  'timestamp=2026-03-01T12:00:00+01:00',
  'timestamp=2026-03-01T12:00:00%2B01:00',
  'limit=0',
  'limit=1001',
  '__proto__=1',
  'constructor=1',
  `offset=${'0'.repeat(5000)}`,
  `${'x=1&'.repeat(1500)}offset=0`,
] as const;

const json = ['Content-Type', 'application/json'] as const;
const event: WireRequest['headers'] = [
  ['ce-specversion', '1.0'],
  ['ce-id', '1'],
  ['ce-source', '/a'],
  ['ce-type', 't'],
];

export const oddBodies: readonly (readonly [string | Buffer, WireRequest['headers']])[] = [
  ['', []],
  ['', [json]],
  ['', [['Content-Type', '']]],
  ['{}', []],
  ['{}', [['Content-Type', '']]],
  ['{}', [['Content-Type', 'text/plain']]],
  ['{}', [['Content-Type', 'application/json;charset=utf-16']]],
  ['{}', [['Content-Type', 'application/json; charset="UTF-8"']]],
  ['{}', [['Content-Type', 'APPLICATION/JSON']]],
  ['{}', [json, json]],
  ['{}', [json, ['Content-Encoding', 'gzip']]],
  ['{}', [json, ['Content-Encoding', '']]],
  ['{}', [json, ['Idempotency-Key', '']]],
  ['{}', [json, ['Idempotency-Key', 'a']]],
  ['null', []],
  ['[]', []],
  ['"', []],
  [' ', []],
  ['\ufeff{}', []],
  ['{"x":1}', []],
  ['{"records":[{"value":"é\u{1f600}"}]}', []],
  ['{"records":[{"value":"\\ud800"}]}', []],
  ['{"records":[{"value":1,"key":"a"},{"value":2,"key":"a","partition":1}]}', []],
  ['{"records":[]}', []],
  ['{"records":[{"value":1}],"expectedOffset":5}', []],
  [Buffer.from([0x7b, 0xff, 0x7d]), []],
  [Buffer.from('{}', 'utf16le'), []],
  [Buffer.from([0x1f, 0x8b, 0x08, 0x00]), [json]],
  [Buffer.alloc(70_000, ' '), []],
  [`{"partitions":${'1'.repeat(60_000)}}`, []],
  ['['.repeat(10_000), []],
  ['{"value":1,"key":"ü"}\r\n\n{"value":2}', [['Content-Type', 'application/x-ndjson']]],
  ['{"value":1}\n{"value":', [['Content-Type', 'application/jsonl']]],
  [Buffer.from([0x00, 0xff, 0x0a]), [['Content-Type', 'image/png']]],
  ['a=1&b=%zz', [['Content-Type', 'application/x-www-form-urlencoded']]],
  ['{"a":1}', [['Content-Type', 'application/x-www-form-urlencoded']]],
  ['"ü"', [json, ...event, ['ce-subject', '"\u00c3\u00bc" %C3%BC']]],
  ['', [...event, ['CE-Extension', 'a'], ['ce-extension', 'b']]],
  [Buffer.from([0x00, 0xff]), event],
  ['{"id":"1"}', [['Content-Type', 'application/cloudevents+json; charset=UTF-8']]],
  [
    '[{"specversion":"1.0","id":"1","source":"/a","type":"ü","data":1}]',
    [['Content-Type', 'application/cloudevents-batch+json']],
  ],
];

const bearer = `Bearer ${adminKey}`;

export const oddHeaders: readonly WireRequest['headers'][] = [
  [['Authorization', '']],
  [['Authorization', 'Bearer']],
  [['Authorization', bearer.toLowerCase()]],
  [['Authorization', `bearer   ${adminKey}  `]],
  [['Authorization', `Basic ${adminKey}`]],
  [['Authorization', `${bearer}\u00e9`]],
  [['Authorization', `${bearer}\u00c3\u00a9`]],
  [['Authorization', `Bearer ${'k'.repeat(5000)}`]],
  [
    ['Authorization', bearer],
    ['Authorization', bearer],
  ],
  [
    ['Authorization', 'Bearer other'],
    ['X-Api-Key', adminKey],
  ],
  [
    ['Authorization', ''],
    ['X-Api-Key', adminKey],
  ],
  [
    ['Authorization', ''],
    ['X-API-KEY', adminKey],
    ['X-Api-Key', adminKey],
  ],
  [
    ['Authorization', 'Basic eDp5'],
    ['x-api-key', `  ${adminKey}  `],
  ],
  [['Cookie', `authorization=${adminKey}; a=b`]],
  [
    ['Cookie', 'a=1'],
    ['Cookie', 'b=\u00e9'],
  ],
  [['X-Request-Id', 'mine']],
  [['X-Odd', '\u00ff\u00fe']],
  [['X-Http-Method-Override', 'DELETE']],
  [['X-Original-Url', '/v1/keys']],
  [['X-Forwarded-Host', 'elsewhere.example.com']],
  [['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
  [['Accept', 'text/html']],
  [['Accept', 'application/x-ndjson;q=0.5, text/*']],
  [
    ['Accept', 'text/html'],
    ['Accept', 'application/cloudevents-batch+json'],
  ],
  [['Accept-Encoding', 'gzip, br']],
  [['If-None-Match', '*']],
  [['Range', 'bytes=0-1']],
  [['Origin', 'https://elsewhere.example.com']],
  [['Expect', '100-continue']],
];
