import { describe, expect, it } from 'vitest';
import { requestTarget } from '../../../lib/http/target.ts';

describe('the target of a request', () => {
  it.each([
    ['/v1/topics/orders', '', '/v1/topics/orders'],
    ['/v1/topics/a#b', '', '/v1/topics/a%23b'],
    ['/v1/topics/a?b', 'limit=1', '/v1/topics/a%3Fb?limit=1'],
    ['/v1/topics/ä b', '', '/v1/topics/%C3%A4%20b'],
    ['/v1/topics', 'offset=0#x', '/v1/topics?offset=0%23x'],
    ['/v1/topics', 'a=1?b&a=%23', '/v1/topics?a=1?b&a=%23'],
  ])('of %j and %j is %j: nothing in it ends it early', (path, query, target) =>
    expect(requestTarget(path, query)).toBe(target),
  );

  it.each([
    ['/v1/topics/a\tb', ''],
    ['/v1/topics/a\ufffd', ''],
    ['/v1/topics/../keys', ''],
    ['/v1/./topics', ''],
    ['v1/topics', ''],
    ['/v1/topics', 'after=a\tb'],
    ['/v1/topics', 'after=\u0000'],
  ])('is not clear: %j with the query %j', (path, query) =>
    expect(() => requestTarget(path, query)).toThrow('The path of the request is not clear'),
  );
});
