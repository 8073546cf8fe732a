import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  derivedKey,
  keyringText,
  mostKeys,
  newKeyring,
  parseKeyring,
  withKeysOf,
  withNewKey,
} from '../../../lib/secrets/keyring.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';

const of = (...fills: number[]) =>
  parseKeyring(
    JSON.stringify({
      version: 1,
      keys: fills.map((fill) => ({
        id: Buffer.alloc(8, fill).toString('hex'),
        key: Buffer.alloc(32, fill).toString('base64'),
        createdAt: fill,
      })),
    }),
  );

describe('a keyring', () => {
  it('is read as it was written', () => {
    const keyring = withNewKey(newKeyring(random, 1), random, 2);
    const text = keyringText(keyring);
    expect(keyringText(parseKeyring(text))).toBe(text);
    expect(keyring.map(({ createdAt }) => createdAt)).toEqual([2, 1]);
  });

  it('has a new key first, and keeps the others', () => {
    const old = newKeyring(random, 1);
    const [newest, ...rest] = withNewKey(old, random, 2);
    expect(rest).toEqual(old);
    expect(newest.id).not.toBe(old[0].id);
    expect(newest.key.equals(old[0].key)).toBe(false);
  });

  it('fits a parameter of 4 KB with as many keys as it may have, and takes no more', () => {
    let keyring = newKeyring(random, Date.UTC(2026, 0, 1));
    while (keyring.length < mostKeys) keyring = withNewKey(keyring, random, Date.UTC(2056, 0, 1));
    expect(keyringText(keyring).length).toBeLessThan(4096);
    expect(() => withNewKey(keyring, random, 0)).toThrow(RangeError);
  });

  it('has every key of two that are put together once', () => {
    expect(withKeysOf(of(3, 1), of(2, 1)).map(({ createdAt }) => createdAt)).toEqual([3, 1, 2]);
  });

  it('shows no key where it is logged', () => {
    const keyring = of(7);
    const key = Buffer.alloc(32, 7);
    for (const shown of [inspect(keyring, { depth: 9 }), JSON.stringify(keyring)])
      for (const encoding of ['base64', 'hex', 'latin1'] as const)
        expect(shown).not.toContain(key.toString(encoding));
  });

  it.each([
    '',
    'null',
    '7',
    '{"version":2,"keys":[]}',
    '{"version":1,"keys":[]}',
    '{"version":1,"keys":[null]}',
    '{"version":1,"keys":[{"id":"0707070707070707","key":"hush-hush","createdAt":1}]}',
    `{"version":1,"keys":[{"id":"hush","key":"${Buffer.alloc(32).toString('base64')}","createdAt":1}]}`,
    '{"version":1,"keys":[hush]}',
  ])('is none where it reads %s, which no error repeats', (text) => {
    const error: unknown = (() => {
      try {
        return parseKeyring(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ name: 'KeyringFormatError' });
    expect(inspect(error)).not.toContain('hush');
  });
});

describe('a derived key', () => {
  const keyring = of(7, 8);

  it('is what RFC 5869 says', () => {
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(Buffer.alloc(32, 7)).digest();
    const expanded = createHmac('sha256', extracted).update(Buffer.from('millrace/tokens\u0001')).digest();
    expect(derivedKey(keyring, '07'.repeat(8), 'tokens').export()).toEqual(expanded);
  });

  it('is another for another purpose and another key, and the same again for the same', () => {
    const keys = [
      derivedKey(keyring, '07'.repeat(8), 'a'),
      derivedKey(keyring, '07'.repeat(8), 'b'),
      derivedKey(keyring, '08'.repeat(8), 'a'),
      keyring[0].key,
    ].map((key) => key.export().toString('hex'));
    expect(new Set(keys).size).toBe(4);
    expect(derivedKey(keyring, '07'.repeat(8), 'a').export().toString('hex')).toBe(keys[0]);
  });

  it('there is none of a key that is not in the keyring', () => {
    expect(() => derivedKey(keyring, '09'.repeat(8), 'a')).toThrow(
      expect.objectContaining({ name: 'UnknownDataKeyError', keyId: '09'.repeat(8) }),
    );
  });
});
