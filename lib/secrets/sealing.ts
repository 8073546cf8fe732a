import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../surroundings/random.ts';
import { dataKeyOf, type Keyring } from './keyring.ts';

/** Whose secret it is, and which. What is sealed for one place opens in no other. */
export interface SecretPlace {
  readonly topicId: string;
  readonly group: string;
  readonly endpointId: string;
  /** As `secret` or `header x-tenant`: see `lib/secrets/endpoint-secrets.ts`. */
  readonly what: string;
}

/** What is sealed does not open: it was altered, or is in another's place. The message has nothing of it. */
export class UnopenableSecretError extends Error {
  override readonly name = 'UnopenableSecretError';
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * `sealed:1:<key id>:<nonce, ciphertext and tag as base64url>`. No secret of `whsec_…` looks so; a header's value that does to the
 * last character would have to be meant to.
 */
const form = /^sealed:1:([0-9a-f]{16}):([\w-]{38,})$/;

/** Whether it is sealed; what is not is as older versions stored it, in plain. */
export const isSealed = (text: string): boolean => form.test(text);

/** The id of the key that it is sealed by; undefined where it is not. */
export const sealingKeyId = (text: string): string | undefined => form.exec(text)?.[1];

/** Everything that the tag vouches for beside the content, as text that reads in one way only. */
const associatedData = (keyId: string, { topicId, group, endpointId, what }: SecretPlace): Buffer =>
  Buffer.from(JSON.stringify(['sealed:1', keyId, topicId, group, endpointId, what]));

/** Seals `plain` by the newest key (AES-256-GCM, a random nonce). What comes out differs each time. */
export const seal = ([newest]: Keyring, random: Random, plain: string, place: SecretPlace): string => {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', newest.key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associatedData(newest.id, place));
  const content = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `sealed:1:${newest.id}:${content.toString('base64url')}`;
};

/**
 * What was sealed. What is not sealed is given as it is.
 * @throws UnknownDataKeyError, UnopenableSecretError
 */
export const open = (keyring: Keyring, text: string, place: SecretPlace): string => {
  const [, keyId, content] = form.exec(text) ?? [];
  if (keyId === undefined || content === undefined) return text;
  const { key } = dataKeyOf(keyring, keyId);
  const bytes = Buffer.from(content, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associatedData(keyId, place));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch {
    throw new UnopenableSecretError(
      `A secret of endpoint "${place.endpointId}" (${place.what}) does not open with the data key "${keyId}": it was altered, or belongs to another place.`,
    );
  }
};
