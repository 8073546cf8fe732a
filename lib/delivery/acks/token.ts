import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { SentMessage } from '../../domain/delivery/explicit-acks.ts';
import { derivedKey } from '../../secrets/keyring.ts';
import type { Secrets } from '../../secrets/secrets.ts';

/** What a token stands for: one attempt of one message of a group. */
export interface AckToken extends SentMessage {
  readonly topicId: string;
  readonly groupId: string;
  /** The group's name: with `topicId`, where it is stored. */
  readonly group: string;
  readonly partition: number;
  /** Of a dead letter that the group was given again: the redrive. */
  readonly redriveId?: string;
}

/** The text is no token that was signed here. */
export class AckTokenError extends Error {
  override readonly name = 'AckTokenError';
}

const version = 1;
const purpose = 'acknowledgement-token';
const keyIdPattern = /^[0-9a-f]{16}$/;
/** Characters of the longest token: its group's name alone may be of 128. */
const longest = 1024;

/**
 * Tokens by which a consumer acknowledges a message without a key of the API: `<payload>.<signature>`, both base64url. The payload is a JSON
 * array: version, id of the data key, topic id, group id, group, redrive (empty: none), partition, start, end, epoch, attempt. It is signed by HMAC-SHA256 with a key
 * that is derived from that data key for this alone. A token says nothing of time: whether it still holds, the cursor says.
 */
export class AckTokens {
  readonly #secrets: Pick<Secrets, 'keyring'>;
  readonly #keys = new Map<string, KeyObject>();

  constructor(secrets: Pick<Secrets, 'keyring'>) {
    this.#secrets = secrets;
  }

  /** Signed by the newest key. */
  async sign({ topicId, groupId, group, redriveId = '', ...rest }: AckToken): Promise<string> {
    const { partition, start, end, epoch, attempt } = rest;
    const [{ id }] = await this.#secrets.keyring();
    const fields = [version, id, topicId, groupId, group, redriveId, partition, start, end, epoch, attempt];
    const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
    return `${payload}.${await this.#signature(id, payload)}`;
  }

  /** @throws AckTokenError; what reading the keyring throws */
  async open(text: string): Promise<AckToken> {
    const [payload = '', signature = '', ...rest] = text.split('.');
    const fields = text.length > longest || rest.length > 0 ? undefined : fieldsIn(payload);
    if (fields === undefined) throw new AckTokenError('This is no token.');
    const expected = await this.#signature(fields.keyId, payload);
    const [given, right] = [Buffer.from(signature), Buffer.from(expected ?? '')];
    if (expected === undefined || given.length !== right.length || !timingSafeEqual(given, right))
      throw new AckTokenError('The token was not signed here.');
    return fields.token;
  }

  /** Undefined where there is no such key. */
  async #signature(keyId: string, payload: string): Promise<string | undefined> {
    const key = await this.#key(keyId);
    return key && createHmac('sha256', key).update(payload).digest('base64url');
  }

  async #key(keyId: string): Promise<KeyObject | undefined> {
    const known = this.#keys.get(keyId);
    if (known !== undefined) return known;
    const keyring = await this.#secrets.keyring(keyId);
    if (keyring.every(({ id }) => id !== keyId)) return undefined;
    const key = derivedKey(keyring, keyId, purpose);
    this.#keys.set(keyId, key);
    return key;
  }
}

/** What a payload says, whoever wrote it; undefined where it is none of this form. */
const fieldsIn = (payload: string): { readonly keyId: string; readonly token: AckToken } | undefined => {
  const [form, keyId, topicId, groupId, group, redrive, ...numbers] = arrayIn(payload);
  const [partition, start, end, epoch, attempt] = numbers;
  if (form !== version || typeof keyId !== 'string' || !keyIdPattern.test(keyId)) return undefined;
  if (typeof topicId !== 'string' || typeof groupId !== 'string' || typeof group !== 'string')
    return undefined;
  if (typeof redrive !== 'string') return undefined;
  const redriveId = redrive === '' ? {} : { redriveId: redrive };
  if (!isCount(partition) || !isCount(start) || !isCount(end) || !isCount(epoch) || !isCount(attempt))
    return undefined;
  return { keyId, token: { topicId, groupId, group, ...redriveId, partition, start, end, epoch, attempt } };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const arrayIn = (payload: string): readonly unknown[] => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
};
