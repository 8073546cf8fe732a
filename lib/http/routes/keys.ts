import type * as z from 'zod/mini';
import type { Authenticator } from '../../auth/authenticator.ts';
import { newKey, storedKey } from '../../auth/keys.ts';
import { isFullAdmin, lastsAsLong, requireEveryTopic } from '../../auth/permissions.ts';
import { Problem } from '../../domain/errors.ts';
import type { ApiKey } from '../../domain/keys.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { KeyStore } from '../../stores/keys.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { KeyAnswer, KeyListAnswer, NewKeyAnswer } from '../answers/keys.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { keyChange, newKeySettings } from '../schemas/keys.ts';

export interface KeyDeps extends ApiDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'forget'>;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** The key that was set outside the store: it cannot be deleted there. */
  readonly root?: ApiKey;
}

const shown = ({ keyId, name, scopes, topics, expiresAt, quota, createdAt }: ApiKey): KeyAnswer => ({
  id: keyId,
  name,
  scopes,
  ...(topics !== undefined && { topics }),
  ...(expiresAt !== undefined && { expiresAt: timestampText(expiresAt) }),
  ...(quota !== undefined && { quota }),
  createdAt: timestampText(createdAt),
});

/** @throws Problem `invalid_request` */
const requireToCome = (expiresAt: number | null | undefined, now: number): void => {
  if ((expiresAt ?? Infinity) > now) return;
  throw new Problem('invalid_request', 'The key would be expired at once.', {
    errors: [{ path: 'expiresAt', message: 'Give a time that is to come.' }],
  });
};

/** `POST /v1/keys`: the only answer that shows the key. */
const postKey = (api: Api, deps: KeyDeps): void => {
  api.post('/v1/keys', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    const grant = check(newKeySettings, await readJson(c, { limit: 'settingsBytes' }));
    const now = deps.clock.now();
    requireToCome(grant.expiresAt, now);
    const key = newKey(deps.random);
    const stored = storedKey(key, grant, now);
    await deps.keys.put(stored);
    deps.authenticator.forget(stored.keyId);
    return c.json({ ...shown(stored), key } satisfies NewKeyAnswer, 201);
  });
};

/**
 * The last key that can make others stays: without it nobody could, at the latest when the others have expired. Two that
 * are deleted at the same time may both go, since each is looked at before it goes; then a key has to be made where the
 * store is.
 * @throws Problem `conflict`
 */
const requireAnotherAdmin = async (deps: KeyDeps, keyId: string): Promise<void> => {
  if (keyId === deps.root?.keyId) {
    throw new Problem(
      'conflict',
      'This is the root key, which was given to the broker when it was started: it is changed there. Nothing was changed.',
    );
  }
  if (deps.root !== undefined) return;
  const now = deps.clock.now();
  const admins = (await deps.keys.list()).filter((key) => isFullAdmin(key, now));
  const key = admins.find((admin) => admin.keyId === keyId);
  if (key === undefined || admins.some((other) => other !== key && lastsAsLong(other, key))) return;
  const end = key.expiresAt === undefined ? 'does not expire' : 'expires no earlier than this one';
  throw new Problem(
    'conflict',
    `No other admin key is for every topic and ${end}: without this one nobody could make another, now or when the others have expired. Create another first (POST /v1/keys), then delete or end this one with it. Nothing was changed.`,
  );
};

type KeyChange = z.output<ReturnType<typeof keyChange>>;

/** `null` takes away what is there. */
const changed = (key: ApiKey, { name = key.name, ...change }: KeyChange): ApiKey => {
  const { expiresAt, quota, ...rest } = { ...key, ...change };
  return {
    ...rest,
    name,
    ...(typeof expiresAt === 'number' && { expiresAt }),
    ...(quota !== null && quota !== undefined && { quota }),
  };
};

/** `PATCH /v1/keys/{id}`: its name, when it expires, and its quota. What it may do is not changed: that takes another key. */
const patchKey = (api: Api, deps: KeyDeps): void => {
  api.patch('/v1/keys/:key', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    const keyId = pathParameter(c, 'key');
    const change = check(keyChange, await readJson(c, { limit: 'settingsBytes' }));
    requireToCome(change.expiresAt, deps.clock.now());
    const former = isKeyId(keyId) ? await deps.keys.get(keyId) : undefined;
    if (former === undefined) throw keyNotFound();
    // One that ends sooner is as good as gone then.
    const endsSooner = (change.expiresAt ?? Infinity) < (former.expiresAt ?? Infinity);
    if (endsSooner || keyId === deps.root?.keyId) await requireAnotherAdmin(deps, keyId);
    const key = await deps.keys.change(keyId, (stood) => changed(stood, change));
    if (key === undefined) throw keyNotFound();
    deps.authenticator.forget(keyId);
    return c.json(shown(key) satisfies KeyAnswer);
  });
};

const isKeyId = (text: string): boolean => /^[0-9a-f]{20}$/.test(text);

const keyNotFound = (): Problem => new Problem('key_not_found', 'There is no key of this id.');

/** API keys: created, listed, changed and deleted, by admin keys that are for every topic. */
export const keyRoutes = (api: Api, deps: KeyDeps): void => {
  postKey(api, deps);
  patchKey(api, deps);
  api.get('/v1/keys', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    return answerJson(c, { keys: (await deps.keys.list()).map(shown) } satisfies KeyListAnswer);
  });
  api.delete('/v1/keys/:key', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    const keyId = pathParameter(c, 'key');
    if (isKeyId(keyId)) await requireAnotherAdmin(deps, keyId);
    if (!isKeyId(keyId) || !(await deps.keys.delete(keyId))) throw keyNotFound();
    deps.authenticator.forget(keyId);
    return c.body(null, 204);
  });
};
