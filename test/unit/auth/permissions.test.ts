import { describe, expect, test } from 'vitest';
import { hasScope, isForTopic } from '../../../lib/auth/permissions.ts';
import type { ApiKey, Scope } from '../../../lib/domain/keys.ts';

const key = (scopes: readonly Scope[], topics?: readonly string[]): ApiKey => ({
  keyId: 'k',
  name: 'n',
  hash: 'h',
  createdAt: 0,
  scopes,
  ...(topics !== undefined && { topics }),
});

test.each([
  [['produce'], 'produce', true],
  [['produce'], 'consume', false],
  [['consume'], 'produce', false],
  [['produce', 'consume'], 'admin', false],
  [['produce', 'consume'], 'groups', false],
  [['groups'], 'groups', true],
  [['groups'], 'consume', false],
  [['groups'], 'produce', false],
  [['produce', 'consume', 'groups'], 'admin', false],
  [['admin'], 'groups', true],
  [['admin'], 'admin', true],
  [['admin'], 'produce', true],
  [['admin'], 'consume', true],
] as const)('a key of the scopes %j may %s: %s', (held, wanted, expected) => {
  expect(hasScope(key(held), wanted)).toBe(expected);
});

describe('a key that is for', () => {
  test.each([
    [undefined, 'anything', true],
    [[], 'orders', false],
    [['orders'], 'orders', true],
    [['orders'], 'orders2', false],
    [['orders'], 'order', false],
    [['orders'], 'Orders', false],
    [['orders*'], 'orders', true],
    [['orders*'], 'orders2', true],
    [['orders*'], 'order', false],
    [['orders*'], 'my-orders', false],
    [['*'], 'anything', true],
    [['a.c'], 'abc', false],
    [['a.*'], 'ab', false],
    [['x', 'b-*'], 'b-1', true],
  ] as const)('%j is for %s: %s', (topics, topic, expected) => {
    expect(isForTopic(key(['consume'], topics), topic)).toBe(expected);
  });
});
