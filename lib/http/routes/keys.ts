import type { Authenticator } from '../../auth/authenticator.ts';
import { newKey, storedKey } from '../../auth/keys.ts';
import { isFullAdmin, lastsAsLong, requireEveryTopic } from '../../auth/permissions.ts';
import { Problem } from '../../domain/errors.ts';
import type { ApiKey } from '../../domain/keys.ts';
import { timestampText } from '../../domain/timestamps.ts';
import type { KeyStore } from '../../stores/keys.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { KeyAnswer, KeyListAnswer, NewKeyAnswer } from '../answers/keys.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { newKeySettings } from '../schemas/keys.ts';

export interface KeyDeps extends ApiDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'forget'>;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** The key that was set outside the store: it cannot be deleted there. */
  readonly root?: ApiKey;
}

const shown = ({ keyId, name, scopes, topics, expiresAt, createdAt }: ApiKey): KeyAnswer => ({
  id: keyId,
  name,
  scopes,
  ...(topics !== undefined && { topics }),
  ...(expiresAt !== undefined && { expiresAt: timestampText(expiresAt) }),
  createdAt: timestampText(createdAt),
});

/** `POST /v1/keys`: the only answer that shows the key. */
const postKey = (api: Api, deps: KeyDeps): void => {
  api.post('/v1/keys', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    const grant = check(newKeySettings, await readJson(c, { limit: 'settingsBytes' }));
    const now = deps.clock.now();
    if (grant.expiresAt !== undefined && grant.expiresAt <= now) {
      throw new Problem('invalid_request', 'The key would be expired at once.', {
        errors: [{ path: 'expiresAt', message: 'Give a time that is to come.' }],
      });
    }
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
    `No other admin key is for every topic and ${end}: without this one nobody could make another, now or when the others have expired. Create another first (POST /v1/keys), then delete this one with it. Nothing was changed.`,
  );
};

/** API keys: created, listed and deleted, by admin keys that are for every topic. */
export const keyRoutes = (api: Api, deps: KeyDeps): void => {
  postKey(api, deps);
  api.get('/v1/keys', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    return answerJson(c, { keys: (await deps.keys.list()).map(shown) } satisfies KeyListAnswer);
  });
  api.delete('/v1/keys/:key', allow(deps, 'admin'), async (c) => {
    requireEveryTopic(c.get('apiKey'));
    noQuery(c);
    const keyId = pathParameter(c, 'key');
    const isId = /^[0-9a-f]{20}$/.test(keyId);
    if (isId) await requireAnotherAdmin(deps, keyId);
    if (!isId || !(await deps.keys.delete(keyId)))
      throw new Problem('key_not_found', 'There is no key of this id.');
    deps.authenticator.forget(keyId);
    return c.body(null, 204);
  });
};
