import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acknowledgementIn,
  type BodyKind,
  BodyReader,
} from '../../../../lib/domain/acknowledgements/body-reader.ts';
import { limits } from '../../../../lib/domain/limits.ts';

const all = { kind: 'all' };
const unclear = { kind: 'unclear', reason: expect.stringMatching(/^The endpoint answered .*\.$/) };
const json = { json: true };

/** What it says in one piece, and in pieces of one character. */
const bothWays = (body: string, kind?: BodyKind) => {
  const reader = new BodyReader(kind);
  for (let at = 0; at < body.length; at += 1) reader.write(body.charAt(at));
  const whole = acknowledgementIn(body, kind);
  expect(reader.ended()).toEqual(whole);
  return whole;
};

describe('an answer acknowledges up to an offset', () => {
  it.each([
    '{"ack":{"offset":7}}',
    '\uFEFF \r\n\t{ "note" : "ack", "ack" : { "offset" : 7 } , "more":[{"ack":1}] }\n',
    '{"\\u0061ck":{"offset":7}}',
    '{"\\u0061\\u0063\\u006B":{"off\\u0073et":7.0}}',
    '{"data":{"ack":{"offset":1}},"list":[["]","}"],{"ack":null}],"ack":{"offset":7}}',
    '{"a":"\\"ack\\":{","b\\\\":-1.5e+3,"c":true,"d":NaN,"ack":{"offset":7}}',
    '{"a":"line\nbreak","ack":{"offset":7},"":{},"e":[]}',
  ])('by %j', (body) => expect(bothWays(body)).toEqual({ kind: 'below', offset: 7 }));

  it('behind 64 KiB of blanks, or of anything else', () => {
    for (const filling of [' '.repeat(70_000), `{"note":"${'ab'.repeat(2_000_000)}"}`]) {
      const body = filling.replace(/}$/, ',').replace(/ $/, '{').concat('"ack":{"offset":7}}');
      expect(acknowledgementIn(body)).toEqual({ kind: 'below', offset: 7 });
    }
  });
});

describe('an answer acknowledges all but what failed', () => {
  it.each([
    ['{"ack":{"failed":[7]}}', [7]],
    ['{ "ack" : { "f\\u0061iled" : [ 9 ,\n7, 7.0, 8e0, 9 ] } }', [7, 8, 9]],
    ['{"ack":{"failed":[-1, -0, 100000000000]},"note":"ack"}', [-1, 0, 100_000_000_000]],
  ])('by %j, in order', (body, offsets) => expect(bothWays(body)).toEqual({ kind: 'failed', offsets }));

  it('and so all, where nothing did', () => {
    expect(bothWays('{"ack":{"failed":[]}}')).toEqual(all);
  });

  it('by as many offsets as a message has, of whatever length, each on a line', () => {
    const offsets = Array.from(
      { length: limits.deliveryRecords },
      (_, index) => Number.MAX_SAFE_INTEGER - index,
    );
    const body = JSON.stringify({ ok: true, ack: { failed: offsets } }, undefined, 8);
    expect(bothWays(body)).toEqual({ kind: 'failed', offsets: offsets.toReversed() });
  });
});

describe('an answer acknowledges nothing, and says why,', () => {
  it.each([
    ['when ack is no object', ['false', 'true', 'null', '1', '"all"', '[]', '[{"offset":1}]']],
    ['when ack has no offset', ['{}', '{"offet":1}', '{"Offset":1}', '{"value":{"offset":1}}']],
    [
      'when ack.offset is no integer',
      ['{"offset":"1"}', '{"offset":null}', '{"offset":1.5}', '{"offset":1e300}'],
    ],
    [
      'when ack says more',
      ['{"offset":1,"except":[0]}', '{"offset":1,"offset":2}', '{"offset":2,"off\\u0073et":1}'],
    ],
    [
      'when ack is not JSON',
      ['{offset:1}', "{'offset':1}", '{"offset":01}', '{"offset":1,}', 'NaN', '{"offset":1'],
    ],
    [
      'when ack has an offset beside what failed',
      ['{"offset":1,"failed":[0]}', '{"failed":[],"offset":null}'],
    ],
    [
      'when ack.failed is no list of integers',
      [
        '1',
        'null',
        '{}',
        '{"0":1}',
        '"1"',
        '["1"]',
        '[1,null]',
        '[1.5]',
        '[[1]]',
        '[1e300]',
        '[9007199254740993]',
        '[1,]',
      ].map((list) => `{"failed":${list}}`),
    ],
    [
      'when ack says more than what failed',
      ['{"failed":[1],"failed":[2]}', '{"failed":[],"f\\u0061iled":[2]}', '{"failed":[1],"retry":true}'],
    ],
  ])('%s', (_what, values) => {
    for (const value of values) {
      expect(bothWays(`{"ack":${value}}`), value).toEqual(unclear);
      expect(bothWays(`{"a":1,"\\u0061ck":${value},"b":2}`), value).toEqual(unclear);
    }
  });

  it.each([
    ['in an array', '[{"ack":{"offset":1}}]'],
    ['in arrays', '[[1,{"ack":{"offset":1}}]]'],
    ['twice', '{"ack":{"offset":1},"ack":{"offset":2}}'],
    ['twice, the same', '{"ack":{"offset":1},"ack":{"offset":1}}'],
    ['twice, once by escapes', '{"ack":{"offset":2},"a\\u0063k":{"offset":1}}'],
    ['in capitals', '{"Ack":{"offset":1}}'],
    ['in a JSON string', '"{\\"ack\\":{\\"offset\\":1}}"'],
    ['in a JSON string of a JSON string', JSON.stringify(JSON.stringify('{"ack":{"offset":1}}'))],
    ['beside a name that is not readable', '{"\\q":1}'],
    ['with a comma behind it', '\r\n {"note":"a", "ack":{"offset":1},}'],
    ['with a comma before it', '{,"ack":{"offset":1}}'],
    ['in an object that ends too early', '{"ack":{"offset":1}'],
    ['in an object that is closed as an array', '{"ack":{"offset":1}]'],
    ['behind another document', '{"ok":true}\n{"ack":{"offset":1}}'],
    ['before another document', '{"ack":{"offset":1}}{"ok":true}'],
    ['in the notation of Python', "{'ack': {'offset': 1}}"],
    ['in the notation of JavaScript', '{ack: {offset: 1}}'],
    ['in the notation of Ruby', '{"ack"=>{"offset"=>1}}'],
    ['by escapes, in what is no JSON', '{"a" "\\u0061ck":{"offset":1}}'],
    ['perhaps, in what is missing', '{"items":[1,2'],
    ['perhaps, in what is missing of a string', '"{'],
    ['in what is nested too deeply', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)},"ack":{"offset":1}}`],
  ])('when ack stands %s', (_where, body) => expect(bothWays(body)).toEqual(unclear));

  it.each([
    ['a warning', '<br />\n<b>Warning</b>: old function\n{"ack":{"offset":1}}'],
    ['a prefix', ')]}\',\n{"ack":{"offset":1}}'],
    ['a notice', 'Notice: x in y.php\n{"\\u0061ck" : {"offset":1}}'],
  ])('when ack stands behind %s, whatever is declared', (_what, body) => {
    for (const kind of [json, { page: true }, {}]) expect(bothWays(body, kind)).toEqual(unclear);
  });

  it('when ack is too long to be read', () => {
    expect(acknowledgementIn(`{"ack":{"failed":"${'1'.repeat(70_000)}"}}`)).toEqual(unclear);
  });

  it('when its encoding is not known, unless it reads as JSON or is declared as a page', () => {
    const uncertain = { uncertain: true };
    for (const body of ['\0\0\0{\0\0\0"', '\uFFFD\u0015\u0001', 'what', '{\0\0\0"\0\0\0']) {
      expect(bothWays(body, uncertain), body).toEqual(unclear);
      expect(bothWays(body, { uncertain: true, page: true }), body).toEqual(all);
    }
    expect(bothWays('\0\0\0{')).toEqual(unclear);
    expect(bothWays('{"ok":1}', uncertain)).toEqual(all);
    expect(bothWays('{"ack":{"offset":1}}', uncertain)).toEqual({ kind: 'below', offset: 1 });
  });

  it('quoting nothing of it', () => {
    for (const body of ['{"ack":"hunter2"}', '{"hunter2', '{"ack":{"hunter2":1}}', '{"a" hunter2 "ack"'])
      expect(JSON.stringify(acknowledgementIn(body))).not.toContain('hunter2');
  });
});

it.each(['{"offset":5}', '{"failed":[25, 31]}'])(
  'one wrong character around an ack of %s never makes it acknowledge all',
  (ack) => {
    const body = `{"note":"a \\" b","list":[{"ack":1},-1.5e3,null], "ack" : ${ack},"more":[]}`;
    const name = body.lastIndexOf('ack');
    const edit = fc.record({
      at: fc.integer({ min: 1, max: body.length }).filter((at) => at < name || at > name + 3),
      remove: fc.nat(1),
      insert: fc.oneof(fc.constant(''), fc.constantFrom(...'{}[]",:\\ a1\n\0'), fc.string({ maxLength: 1 })),
    });
    fc.assert(
      fc.property(edit, ({ at, remove, insert }) => {
        expect(bothWays(body.slice(0, at) + insert + body.slice(at + remove)).kind).not.toBe('all');
      }),
      { numRuns: 2000 },
    );
  },
);

describe('an answer acknowledges all', () => {
  it.each([
    '',
    ' \r\n',
    'OK',
    'ok, ack',
    'ack',
    '"ack"',
    '"all of it, \\"ack\\""',
    'null "ack"',
    '<html>{"ack":{"offset":1}}',
    '<!doctype html><script>x = {"ack":1}</script>',
    '{"other":1}',
    '{}',
    '[]',
    '[1,[2],{"acknowledged":true}]',
    '{"data":{"ack":{"offset":1}},"list":[{"ack":false}]}',
    '[{"data":{"ack":false}}]',
    '{"ok":"ack","note":"\\"ack\\":{\\"offset\\":1}"}',
    '{{ page }}',
    '{"a":1,}',
    '[package: acknowledged, back, ack_ed]',
    '1',
    'true',
  ])('by %j', (body) => {
    expect(bothWays(body)).toEqual(all);
    expect(bothWays(body, json).kind).toBe(/^(<|null "|ok,)/.test(body) ? 'unclear' : 'all');
  });

  it('by an echo of records that have an ack of their own, however it is quoted', () => {
    const message = JSON.stringify({
      type: 'topic.records',
      data: { records: [{ value: { ack: { offset: 1 } } }] },
    });
    for (const body of [message, JSON.stringify({ body: message, json: [message] }), JSON.stringify(message)])
      expect(bothWays(body), body).toEqual(all);
  });

  it('by any JSON that has no ack at its top', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const body = JSON.stringify({ value, ackn: value }, undefined, indent);
        expect(acknowledgementIn(body)).toEqual(all);
        expect(acknowledgementIn(`{"ack":{"offset":5},"rest":${body}}`)).toEqual({
          kind: 'below',
          offset: 5,
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('an answer that is not whole', () => {
  it('is known at once when it is a page, whatever follows', () => {
    const reader = new BodyReader();
    reader.write(' <');
    expect(reader.known).toBeUndefined();
    reader.write('HTML>');
    expect(reader.known).toEqual(all);
    expect([reader.brokenOff(), reader.cutOff()]).toEqual([all, all]);
  });

  it('is known when so much text has come without an ack, whatever follows', () => {
    for (const kind of [{}, { page: true }]) {
      const reader = new BodyReader(kind);
      reader.write('x'.repeat(70_000));
      expect(reader.known).toEqual(all);
    }
  });

  it('is text, which acknowledges all, unless what came has an ack', () => {
    for (const [text, said] of [
      ['OK', all],
      ['OK "ack": ', unclear],
    ] as const) {
      const reader = new BodyReader();
      reader.write(text);
      expect(reader.brokenOff()).toEqual(said);
    }
  });

  it('says what a whole document said before it broke off, and nothing before that', () => {
    const reader = new BodyReader();
    const said: unknown[] = [];
    for (const piece of ['', ' ', '{"ack":', '{"offset":3}', '}', '\n']) {
      reader.write(piece);
      said.push(reader.brokenOff());
    }
    const below = { kind: 'below', offset: 3 };
    expect(said).toEqual([undefined, undefined, undefined, undefined, below, below]);
  });

  it('acknowledges nothing when more comes than is read, even if an ack was there', () => {
    for (const body of [' ', '{"a":1', '{"ack":{"offset":3}', '"text']) {
      const reader = new BodyReader();
      reader.write(body);
      expect(reader.cutOff()).toEqual(unclear);
    }
  });
});
