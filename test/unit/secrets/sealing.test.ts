import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newKeyring, parseKeyring, withNewKey } from '../../../lib/secrets/keyring.ts';
import { isSealed, open, type SecretPlace, seal, sealingKeyId } from '../../../lib/secrets/sealing.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';

const place: SecretPlace = { topicId: 't', group: 'billing', endpointId: 'e', what: 'secret' };
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const fixed = parseKeyring(
  JSON.stringify({
    version: 1,
    keys: [{ id: '00112233aabbccdd', key: Buffer.alloc(32, 1).toString('base64'), createdAt: 0 }],
  }),
);

describe('a sealed secret', () => {
  it('opens to what it was, whatever that is', () => {
    const keyring = newKeyring(random, 0);
    for (const plain of [secret, '', 'grüezi 🌊', '\u0000', 'x'.repeat(8192)]) {
      const sealed = seal(keyring, random, plain, place);
      expect(isSealed(sealed)).toBe(true);
      expect(open(keyring, sealed, place)).toBe(plain);
    }
  });

  it('is sealed to this text by this key and this nonce', () => {
    const nonces = { number: () => 0, bytes: (count: number) => new Uint8Array(count).fill(9) };
    const sealed = seal(fixed, nonces, secret, place);
    // As AESGCM of the Python library `cryptography` seals it.
    expect(sealed).toBe(
      'sealed:1:00112233aabbccdd:CQkJCQkJCQkJCQkJs2dUq61vS6c0BXM9lprOTui1Ko1eymSiDxF8GbQekM8nJLW584KkOt_8mCxy2xoOYGjepaU4',
    );
  });

  it('is AES-256-GCM, as anybody else opens it', () => {
    const sealed = seal(fixed, random, secret, place);
    const bytes = Buffer.from(sealed.split(':')[3] ?? '', 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 1), bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from('["sealed:1","00112233aabbccdd","t","billing","e","secret"]'));
    decipher.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    expect(plain.toString()).toBe(secret);
  });

  it('has nothing of what it holds, and is another each time', () => {
    const texts = Array.from({ length: 100 }, () => seal(fixed, random, secret, place));
    expect(new Set(texts).size).toBe(100);
    for (const text of texts) expect(text).not.toContain(secret.slice(6, 16));
  });

  it('opens with no bit of it changed', () => {
    const sealed = seal(fixed, random, secret, place);
    const [, , , content = ''] = sealed.split(':');
    const bytes = Buffer.from(content, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const text = `sealed:1:00112233aabbccdd:${flipped.toString('base64url')}`;
      expect(() => open(fixed, text, place), `bit ${bit}`).toThrow(
        expect.objectContaining({ name: 'UnopenableSecretError' }),
      );
    }
  });

  it.each([
    ['topic', { topicId: 'other' }],
    ['group', { group: 'other' }],
    ['endpoint', { endpointId: 'other' }],
    ['use', { what: 'header x-tenant' }],
    ['names that run into each other', { topicId: 't","billing', group: 'e' }],
  ])('opens in no place with another %s, and the error holds nothing of it', (_name, other) => {
    const sealed = seal(fixed, random, secret, place);
    const opening = (): string => open(fixed, sealed, { ...place, ...other });
    expect(opening).toThrow(expect.objectContaining({ name: 'UnopenableSecretError' }));
    expect(opening).not.toThrow(sealed);
    expect(opening).not.toThrow(secret);
  });

  it('opens with an older key after a newer one came, which seals from then on', () => {
    const old = newKeyring(random, 0);
    const sealed = seal(old, random, secret, place);
    const keyring = withNewKey(old, random, 1);
    expect(open(keyring, sealed, place)).toBe(secret);
    expect(sealingKeyId(seal(keyring, random, secret, place))).toBe(keyring[0].id);
  });

  it('names the key that is missing, and nothing else', () => {
    const sealed = seal(newKeyring(random, 0), random, secret, place);
    const opening = (): string => open(fixed, sealed, place);
    expect(opening).toThrow(
      expect.objectContaining({ name: 'UnknownDataKeyError', keyId: sealingKeyId(sealed) }),
    );
    expect(opening).toThrow(`"${sealingKeyId(sealed)}"`);
    expect(opening).not.toThrow(sealed.split(':')[3]);
  });
});

describe('what is not sealed', () => {
  it.each([
    secret,
    '',
    'Bearer abc',
    'sealed:1:',
    'sealed:1:00112233aabbccdd:short',
    'sealed:2:00112233aabbccdd:CQkJCQkJCQkJCQkJTr4uaJmLdCQkJCQkJCQkJCQkJTr4uaJmLd',
  ])('is given as it is: %s', (text) => {
    expect(isSealed(text)).toBe(false);
    expect(open(fixed, text, place)).toBe(text);
  });
});
