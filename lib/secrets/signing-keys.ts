import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { dropOldest } from '../domain/drop-oldest.ts';
import type { SigningKey, SigningKind } from '../domain/groups/signing-keys.ts';
import type { Random } from '../surroundings/random.ts';

/*
 * Keys and signatures of Standard Webhooks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme").
 */

const [symmetric, secretKey, publicKey] = ['whsec_', 'whsk_', 'whpk_'] as const;
/** PKCS #8 of an ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const seedBytes = 32;

const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });

/** 32 bytes. */
const publicBytesOf = (key: KeyObject): Buffer =>
  Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');

/**
 * A new key: `whsec_` and 24 random bytes as base64; or `whsk_` with the seed and the public key behind it, 64 bytes as base64,
 * and `whpk_` with the public key.
 */
export const newSigningKey = (random: Random, kind: SigningKind): SigningKey => {
  if (kind === 'v1') return { secret: `${symmetric}${Buffer.from(random.bytes(24)).toString('base64')}` };
  const seed = random.bytes(seedBytes);
  const shown = publicBytesOf(privateKeyOf(seed));
  return {
    secret: `${secretKey}${Buffer.concat([seed, shown]).toString('base64')}`,
    publicKey: `${publicKey}${shown.toString('base64')}`,
  };
};

/** Whether it is a secret of one's own that can sign: `whsec_` and 24 to 64 bytes as base64. */
export const isSymmetricSecret = (text: string): boolean => {
  if (!text.startsWith(symmetric)) return false;
  const base64 = text.slice(symmetric.length);
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
};

/** To make a key of a secret takes longer than to sign a small message with it. */
const hmacKeys = new Map<string, KeyObject>();
const mostHmacKeys = 1000;

const hmacKeyOf = (secret: string): KeyObject => {
  const known = hmacKeys.get(secret);
  if (known !== undefined) return known;
  const key = createSecretKey(Buffer.from(secret.slice(symmetric.length), 'base64'));
  hmacKeys.set(secret, key);
  dropOldest(hmacKeys, mostHmacKeys);
  return key;
};

/**
 * The signature of `content` as the header has it: `v1,` or `v1a,` and base64.
 * @param content what is signed, part after part.
 * @param secret `whsec_…` or `whsk_…`.
 */
export const signatureOf = (content: readonly (string | Uint8Array)[], secret: string): string => {
  if (!secret.startsWith(secretKey)) {
    const hmac = createHmac('sha256', hmacKeyOf(secret));
    for (const part of content) hmac.update(part);
    return `v1,${hmac.digest('base64')}`;
  }
  const seed = Buffer.from(secret.slice(secretKey.length), 'base64').subarray(0, seedBytes);
  const whole = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return `v1a,${sign(null, whole, privateKeyOf(seed)).toString('base64')}`;
};
