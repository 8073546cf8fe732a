import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../lib/http/description/document.ts';
import { type Description, DescriptionCheck } from '../../harness/description.ts';

const check = new DescriptionCheck(JSON.parse(JSON.stringify(openApiDocument())) as Description);

const topic = {
  name: 'orders',
  partitions: 4,
  retentionHours: 168,
  retentionBytes: null,
  archive: true,
  cleanup: 'delete',
  createdAt: '2026-03-10T05:16:23.000Z',
};

const given = (body: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers({ 'content-type': 'application/json', 'x-request-id': 'r', ...headers }),
  text: body === undefined ? '' : JSON.stringify(body),
});

const require = (answer: ReturnType<typeof given>) => () =>
  check.require('GET', '/v1/topics/orders?x=1', answer);

describe('an answer that is held against the description', () => {
  it('may be as that says', () => {
    expect(require(given(topic))).not.toThrow();
  });

  it.each([
    ['a field that is not described', given({ ...topic, colour: 'red' }), /additional properties/],
    ['a field that is missing', given({ ...topic, name: undefined }), /required property 'name'/],
    ['a field of another type', given({ ...topic, partitions: 'four' }), /must be integer/],
    ['a time that is none', given({ ...topic, createdAt: 'yesterday' }), /date-time/],
    ['a status that is not described', given(topic, 418), /no answer of that status/],
    ['a content type that is not', given(topic, 200, { 'content-type': 'text/html' }), /"text\/html"/],
    ['no body', given(undefined), /must be object/],
    ['a code that is another operation’s', given({ ...topic, code: 'key_not_found' }, 404), /type/],
  ])('may not have %s', (_what, answer, said) => {
    expect(require(answer)).toThrow(said);
  });

  it('may not lack a header that it should have', () => {
    const answer = given(topic);
    answer.headers.delete('x-request-id');
    expect(require(answer)).toThrow(/lacks X-Request-Id/);
  });

  it('may come from an address that is none only where it says so', () => {
    const nowhere = (code: string) => () =>
      check.require(
        'GET',
        '/v1/nowhere',
        given({ code }, 404, { 'content-type': 'application/problem+json' }),
      );
    expect(nowhere('not_found')).not.toThrow();
    expect(nowhere('topic_not_found')).toThrow(/no such operation/);
  });
});
