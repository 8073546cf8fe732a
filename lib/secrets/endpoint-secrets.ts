import { dropOldest } from '../domain/drop-oldest.ts';
import type { EndpointAuthentication } from '../domain/groups/authentication.ts';
import type { Endpoint, EndpointChange } from '../domain/groups/groups.ts';
import { asSigningKey, livingKeys, type StoredSigningKey } from '../domain/groups/signing-keys.ts';
import type { GroupRef } from '../stores/groups.ts';
import type { SecretPlace } from './sealing.ts';
import type { Secrets } from './secrets.ts';

/** Whose endpoint it is. */
export interface EndpointRef extends GroupRef {
  readonly endpointId: string;
}

/** What an endpoint has that is a secret: a header may be one too. */
type Sealable = Pick<Endpoint, 'secrets' | 'headers' | 'authentication'>;

/** What is promised to stay as it is: it is part of what is sealed. */
const secretOf = ({ topicId, group, endpointId }: EndpointRef): SecretPlace => ({
  topicId,
  group,
  endpointId,
  what: 'secret',
});
const headerOf = (ref: EndpointRef, name: string): SecretPlace => ({
  ...secretOf(ref),
  what: `header ${name.toLowerCase()}`,
});

const authenticationOf = (ref: EndpointRef, name: string): SecretPlace => ({
  ...secretOf(ref),
  what: `authentication ${name}`,
});

/** Each text of `given` by `turn`, which is told whose it is. */
const turned = async <Given extends Partial<Sealable>>(
  ref: EndpointRef,
  { secrets, headers, authentication }: Given,
  turn: (text: string, place: SecretPlace) => Promise<string>,
): Promise<Pick<Given, keyof Given & keyof Sealable>> => {
  const parts = {
    ...(secrets !== undefined && {
      secrets: await Promise.all(secrets.map((key) => turnedKey(ref, key, turn))),
    }),
    ...(headers !== undefined && { headers: await turnedHeaders(ref, headers, turn) }),
    ...(authentication !== undefined && {
      authentication: await turnedAuthentication(ref, authentication, turn),
    }),
  };
  return parts as unknown as Pick<Given, keyof Given & keyof Sealable>;
};

const turnedKey = async (
  ref: EndpointRef,
  key: StoredSigningKey,
  turn: (text: string, place: SecretPlace) => Promise<string>,
): Promise<StoredSigningKey> => {
  if (typeof key === 'string') return turn(key, secretOf(ref));
  return { ...key, secret: await turn(key.secret, secretOf(ref)) };
};

const textsOf = (authentication: EndpointAuthentication | undefined): string[] => {
  const { type: _type, ...texts } = authentication ?? { type: 'none' };
  return Object.values(texts);
};

/** All of it but its type. */
const turnedAuthentication = async (
  ref: EndpointRef,
  { type, ...texts }: EndpointAuthentication,
  turn: (text: string, place: SecretPlace) => Promise<string>,
): Promise<EndpointAuthentication> => {
  const entries = Object.entries(texts).map(
    async ([name, text]) => [name, await turn(text, authenticationOf(ref, name))] as const,
  );
  return { type, ...Object.fromEntries(await Promise.all(entries)) } as EndpointAuthentication;
};

const turnedHeaders = async (
  ref: EndpointRef,
  headers: Readonly<Record<string, string>>,
  turn: (text: string, place: SecretPlace) => Promise<string>,
): Promise<Record<string, string>> => {
  const entries = Object.entries(headers).map(
    async ([name, value]) => [name, await turn(value, headerOf(ref, name))] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};

/** What is to be stored of plain secrets and headers: everything sealed by the newest key. */
export const sealed = <Given extends Partial<Sealable>>(
  secrets: Secrets,
  ref: EndpointRef,
  plain: Given,
): Promise<Pick<Given, keyof Given & keyof Sealable>> =>
  turned(ref, plain, (text, place) => secrets.seal(text, place));

/**
 * What there is to change of an endpoint so that all of it is sealed by the newest key, and nothing of it is past its end: what
 * older versions stored is plain, and after a rotation some is sealed by an older key. Undefined where there is nothing.
 * @param at wall clock ms.
 * @throws what `Secrets.open` throws
 */
export const resealing = async (
  secrets: Secrets,
  ref: EndpointRef,
  stored: Sealable,
  at: number,
): Promise<Pick<EndpointChange, 'secrets' | 'headers' | 'authentication'> | undefined> => {
  const { headers, authentication } = stored;
  const signing = stored.secrets.filter((key) => livingKeys([key], at).length > 0);
  const texts = [
    ...signing.map((key) => asSigningKey(key).secret),
    ...Object.values(headers ?? {}),
    ...textsOf(authentication),
  ];
  const current = await Promise.all(texts.map((text) => secrets.isCurrent(text)));
  if (signing.length === stored.secrets.length && current.every(Boolean)) return undefined;
  return turned(
    ref,
    {
      secrets: signing,
      ...(headers !== undefined && { headers }),
      ...(authentication !== undefined && { authentication }),
    },
    async (text, place) => {
      if (await secrets.isCurrent(text)) return text;
      return secrets.seal(await secrets.open(text, place), place);
    },
  );
};

/** An endpoint's secrets and headers, in plain: what a request is made of, and nothing is stored of. */
export interface OpenedEndpoint {
  /** Newest first. */
  readonly secrets: readonly StoredSigningKey[];
  readonly headers: Readonly<Record<string, string>>;
  readonly authentication?: EndpointAuthentication;
}

/** Endpoints whose secrets a process remembers. */
const mostOpened = 1000;

/** The secrets of endpoints that a process opened, for as long as the endpoint is what it was. */
export class OpenedEndpoints {
  /** By endpoint id. */
  readonly #opened = new Map<string, { readonly version: number; readonly opened: OpenedEndpoint }>();

  /** @throws UnknownDataKeyError, UnopenableSecretError, and what reading the keyring throws */
  async of(
    secrets: Secrets,
    { topicId, name }: { readonly topicId: string; readonly name: string },
    endpoint: Pick<Endpoint, 'endpointId' | 'version'> & Sealable,
  ): Promise<OpenedEndpoint> {
    const { endpointId, version = 1 } = endpoint;
    const known = this.#opened.get(endpointId);
    if (known?.version === version) return known.opened;
    const ref = { topicId, group: name, endpointId };
    const { authentication } = endpoint;
    const stored = {
      secrets: endpoint.secrets,
      headers: endpoint.headers ?? {},
      ...(authentication !== undefined && { authentication }),
    };
    const opened = await turned(ref, stored, (text, place) => secrets.open(text, place));
    this.#opened.delete(endpointId);
    this.#opened.set(endpointId, { version, opened });
    dropOldest(this.#opened, mostOpened);
    return opened;
  }
}
