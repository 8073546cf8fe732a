import { asked, fetchPath, invalid, produceLine, type Row } from './row.ts';

const beyond = /limit|from \d+ to \d+|offset/i;

/** Numbers that are none, or not in a way that everybody reads alike. */
const odd = [
  '1e400',
  '-0',
  '-1',
  '1e-400',
  '1e1',
  '0x10',
  '00',
  '%2B1',
  '1.0',
  '%EF%BC%91',
  'Infinity',
  'NaN',
  '',
  ' 1',
];

const queries: readonly Row[] = [
  ...odd.flatMap((number) =>
    ['offset', 'limit', 'maxBytes', 'waitSeconds'].map((name) =>
      asked(name === 'offset' ? `offset=${number}` : `offset=0&${name}=${number}`, invalid(beyond)),
    ),
  ),
  ...['limit', 'maxBytes', 'waitSeconds'].map((name) =>
    asked(`offset=0&${name}=1000000000`, [400, 'limit_exceeded', /limit/]),
  ),
  ...['1'.repeat(30), '1'.repeat(5000), 'yesterday', '2024-02-30T00:00:00Z', '2024-05-01'].map((time) =>
    asked(`timestamp=${time}`, invalid(/ISO 8601/)),
  ),
  asked('offset=999999999999999', [416, 'offset_out_of_range', /offset/]),
  asked(`offset=${'1'.repeat(30)}`, invalid(beyond)),
  asked('offset=0&offset=0', invalid(/once/)),
  asked('offset=%', invalid(/percent-encoded/)),
  asked('offset=%zz', invalid(/percent-encoded/)),
  asked('offset=%C0%AF', invalid(/percent-encoded/)),
  asked('__proto__=1', invalid(/Unknown query parameter/)),
  asked('_method=DELETE', invalid(/Unknown query parameter/)),
  asked(`${'x'.repeat(5000)}=1`, invalid(/Unknown query parameter/)),
];

const at = (line: string, status: number, code: string, told: RegExp): Row => ({
  what: line.slice(0, 60),
  line,
  status,
  code,
  told,
});

const paths: readonly Row[] = [
  ...['-1', '1e3', '00', '1'.repeat(30), 'x', '%00', '0x0'].map((partition) =>
    at(
      `GET ${fetchPath.replace('/0/', `/${partition}/`)}?offset=0`,
      404,
      'partition_not_found',
      /partition|whole/i,
    ),
  ),
  ...['__proto__', 'a%00b', 'x'.repeat(500), 'caf%C3%A9', '-a'].map((name) =>
    at(`PUT /v1/topics/${name}`, 400, 'invalid_request', /name|path/i),
  ),
  at('GET /v1/topics/constructor', 404, 'topic_not_found', /constructor/),
  at('GET /v1/topics/toString/groups/valueOf', 404, 'topic_not_found', /toString/),
  at('GET /constructor', 404, 'not_found', /nothing/),
  at('GET /v1/__proto__', 404, 'not_found', /nothing/),
  at('PATCH /v1/topics/orders/records', 405, 'method_not_allowed', /POST/),
];

const settings = (what: string, body: string, told: RegExp): Row => ({
  what: `settings ${what}`,
  line: 'PUT /v1/topics/settings',
  body,
  status: 400,
  code: 'invalid_request',
  told,
});

const others: readonly Row[] = [
  settings('with __proto__', '{"__proto__":{"partitions":3}}', /Unknown field/),
  settings('with constructor', '{"constructor":{"prototype":{"partitions":3}}}', /Unknown field/),
  settings('of 1e400 partitions', '{"partitions":1e400}', /number/),
  settings('of -1 partitions', '{"partitions":-1}', /partitions: .*1/),
  settings('of 1e-400 hours', '{"retentionHours":0.1}', /number/),
  settings('that are a list', '[]', /object/),
  settings('that break off', '{"partitions":', /not JSON/),
  { ...settings('that are deep', '['.repeat(1e4), /jsonDepth/), code: 'limit_exceeded' },
  {
    what: 'settings of 65 KB',
    line: 'PUT /v1/topics/settings',
    body: ' '.repeat(65 * 1024),
    status: 413,
    code: 'too_large',
    told: /settingsBytes/,
  },
  {
    what: 'an API key that is long',
    line: produceLine,
    headers: { authorization: `Bearer ${'k'.repeat(9000)}` },
    body: '{}',
    status: 401,
    code: 'unauthorized',
    told: /unknown/,
  },
];

export const requestRows: readonly Row[] = [...queries, ...paths, ...others];
