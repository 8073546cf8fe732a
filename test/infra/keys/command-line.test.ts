import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../infra/keys/command-line.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const read = (line: string) => readCommand(line === '' ? [] : line.split(' '), now);
const create = 'create --stack s --name ci';

describe('readCommand', () => {
  test('a key is created with all that is said of it', () => {
    const line = `${create} --scope consume --scope produce --topic orders --topic billing-* --expires 2026-01-01T00:00:01Z`;
    expect(read(line)).toEqual({
      kind: 'create',
      target: { stack: 's' },
      account: {},
      name: 'ci',
      scopes: ['produce', 'consume'],
      topics: ['orders', 'billing-*'],
      expiresAt: now + 1000,
    });
  });

  test('without topics and expiry a key is for every topic and for ever', () => {
    expect(read(`${create} --scope admin`)).toEqual({
      kind: 'create',
      target: { stack: 's' },
      account: {},
      name: 'ci',
      scopes: ['admin'],
    });
  });

  test('keys are listed, and revoked by id, in a stack or in a table', () => {
    expect(read('list --table t')).toEqual({ kind: 'list', target: { table: 't' }, account: {} });
    const keyId = '0123456789abcdef0123';
    const target = { stack: 's' };
    expect(read(`revoke ${keyId} --stack s`)).toEqual({ kind: 'revoke', target, account: {}, keyId });
  });

  test.each(['list', 'create --name ci --scope admin', 'revoke 0123456789abcdef0123'])(
    'the region and the profile of AWS can be given to %s',
    (line) => {
      const { account } = read(`${line} --stack s --region eu-west-1 --profile ops`);
      expect(account).toEqual({ region: 'eu-west-1', profile: 'ops' });
    },
  );

  test.each([
    ['', 'create, list or revoke'],
    ['make --stack s', '"make"'],
    ['list', '--stack'],
    ['list --stack s --table t', '--stack'],
    ['list --stack s extra', 'extra'],
    ['list --stack s --name x', '--name'],
    ['list --stack s --colour red', '--colour'],
    ['create --stack s --scope admin', '--name'],
    ['create --stack s --scope admin --name .x', '--name'],
    [create, '--scope'],
    [`${create} --scope root`, 'not root'],
    [`${create} --scope admin --topic a*b`, '--topic'],
    [`${create} --scope admin --expires tomorrow`, '--expires'],
    [`${create} --scope admin --expires 2026-01-01T00:00:00Z`, 'past'],
    ['revoke --stack s', 'id'],
    ['list --stack s --region Frankfurt', '--region: the name of a region'],
    ['list --stack s --profile=', '--profile'],
  ])('%j is refused, saying %j', (line, said) => {
    expect(() => read(line)).toThrow(said);
  });

  test('a key given where its id is wanted is not repeated', () => {
    const key = `mr_${'x'.repeat(43)}`;
    expect(() => read(`revoke ${key} --stack s`)).toThrow(/by its id/);
    expect(() => read(`revoke ${key} --stack s`)).not.toThrow(key);
  });
});
