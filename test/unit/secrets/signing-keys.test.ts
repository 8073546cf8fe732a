import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { kindOf, livingKeys, rotatedKeys } from '../../../lib/domain/groups/signing-keys.ts';
import { isSymmetricSecret, newSigningKey, signatureOf } from '../../../lib/secrets/signing-keys.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';

/** Whether it is a signature of `content` by the owner of `whpk_…`. */
const verifies = (signature: string, content: string, publicKey = ''): boolean => {
  const x = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(content), key, Buffer.from(signature.replace(/^v1a,/, ''), 'base64'));
};

const bytesOf = (text = ''): Buffer => Buffer.from(text.slice(text.indexOf('_') + 1), 'base64');

describe('a key of kind v1a', () => {
  it('is the one that RFC 8032 shows for its seed, and signs as it shows', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const key = newSigningKey({ number: () => 0, bytes: () => seed }, 'v1a');
    const shown = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    expect(bytesOf(key.publicKey).toString('hex')).toBe(shown);
    expect(key.secret).toMatch(/^whsk_/);
    expect(bytesOf(key.secret).toString('hex')).toBe(`${seed.toString('hex')}${shown}`);
    const signature = Buffer.from(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      'hex',
    );
    expect(signatureOf([''], key.secret)).toBe(`v1a,${signature.toString('base64')}`);
  });

  it('is verified by its public key and no other, of bytes as of text', () => {
    const [key, other] = [newSigningKey(random, 'v1a'), newSigningKey(random, 'v1a')];
    const signature = signatureOf(['id.1.', Buffer.from('grüezi')], key.secret);
    expect(verifies(signature, 'id.1.grüezi', key.publicKey)).toBe(true);
    expect(verifies(signature, 'id.2.grüezi', key.publicKey)).toBe(false);
    expect(verifies(signature, 'id.1.grüezi', other.publicKey)).toBe(false);
  });
});

it('a key of kind v1 is a secret that the library of Standard Webhooks takes', () => {
  const { secret, publicKey } = newSigningKey(random, 'v1');
  expect(publicKey).toBeUndefined();
  expect(isSymmetricSecret(secret)).toBe(true);
  const at = new Date(1_614_265_330_000);
  expect(signatureOf(['id.1614265330.', 'body'], secret)).toBe(new Webhook(secret).sign('id', at, 'body'));
});

describe("a secret of one's own", () => {
  const of = (count: number): string => `whsec_${Buffer.alloc(count, 250).toString('base64')}`;

  it.each([24, 25, 26, 32, 64])('may have %i bytes', (count) => {
    expect(isSymmetricSecret(of(count))).toBe(true);
  });

  it.each([
    '',
    'whsec_',
    of(23),
    of(65),
    of(24).replace('whsec_', ''),
    of(24).replace('whsec_', 'whsk_'),
    of(25).replace(/=+$/, ''),
    `${of(24)} `,
    of(24).replaceAll('+', '-'),
    `whsec_${'!'.repeat(32)}`,
  ])('is refused where it is %j', (text) => {
    expect(isSymmetricSecret(text)).toBe(false);
  });
});

describe('rotated keys', () => {
  const hour = 3_600_000;

  it('sign beside the new one until the overlap is over', () => {
    const keys = rotatedKeys(['old'], 'new', 1000, hour);
    expect(keys).toEqual(['new', { secret: 'old', until: 1000 + hour }]);
    expect(livingKeys(keys, 999 + hour)).toHaveLength(2);
    expect(livingKeys(keys, 1000 + hour)).toEqual([{ secret: 'new' }]);
  });

  it('end no later than they were to, and are let go when they have ended', () => {
    const once = rotatedKeys(['a'], 'b', 0, hour);
    const twice = rotatedKeys(once, 'c', 1, 2 * hour);
    expect(twice).toEqual(['c', { secret: 'b', until: 2 * hour + 1 }, { secret: 'a', until: hour }]);
    expect(rotatedKeys(twice, 'd', hour, hour)).toEqual([
      'd',
      { secret: 'c', until: 2 * hour },
      { secret: 'b', until: 2 * hour },
    ]);
  });

  it('end at once without an overlap', () => {
    expect(rotatedKeys(['a', { secret: 'b', until: hour }], 'c', 0, 0)).toEqual(['c']);
  });

  it('are of the kind that they were', () => {
    const pair = { secret: 'whsk_x', publicKey: 'whpk_x' };
    expect(rotatedKeys([pair], 'whsec_x', 0, hour).map(kindOf)).toEqual(['v1', 'v1a']);
  });
});
