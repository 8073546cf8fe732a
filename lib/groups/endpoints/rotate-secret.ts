import { Problem } from '../../domain/errors.ts';
import type { Endpoint } from '../../domain/groups/groups.ts';
import {
  kindOf,
  livingKeys,
  rotatedKeys,
  type SigningKey,
  type SigningKind,
  type StoredSigningKey,
} from '../../domain/groups/signing-keys.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';
import { refuseWhileDeleted, type Topic } from '../../domain/topics.ts';
import { type EndpointRef, resealing, sealed } from '../../secrets/endpoint-secrets.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { newSigningKey } from '../../secrets/signing-keys.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Random } from '../../surroundings/random.ts';
import { findGroup } from '../describe.ts';
import { findEndpoint } from './change-endpoint.ts';
import { changesAtMost } from './register-endpoint.ts';

export interface RotateSecretDeps {
  readonly groups: Pick<GroupStore, 'get' | 'updateEndpoint'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
}

export interface AskedRotation {
  /** For how long the keys that it has go on signing. */
  readonly overlapMs: number;
  /** `whsec_…`: one's own. */
  readonly secret?: string;
  /** Without: that of the newest key. */
  readonly kind?: SigningKind;
}

/**
 * Gives an endpoint a new signing key, by which it is called from now on (in processes that remember the endpoint, within five
 * seconds); those that it has go on signing for a while, so that its receiver can change over.
 * @returns the endpoint, and the new key in plain, which is told this once.
 * @throws Problem `group_not_found`, `endpoint_not_found`, `limit_exceeded` when too many keys would sign, and `conflict` while the
 * topic is being deleted or others keep changing it.
 */
export const rotateSecret = async (
  deps: RotateSecretDeps,
  topic: Topic,
  at: { readonly group: string; readonly endpointId: string },
  asked: AskedRotation,
): Promise<{ readonly endpoint: Endpoint; readonly key: SigningKey }> => {
  refuseWhileDeleted(topic);
  const ref = { topicId: topic.topicId, group: at.group };
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const endpoint = findEndpoint(await findGroup(deps.groups, topic, at.group), at.endpointId);
    const key = keyFor(deps, endpoint, asked);
    const change = await rotation(deps, { ...ref, endpointId: at.endpointId }, endpoint, key, asked);
    const changed = await deps.groups.updateEndpoint(ref, endpoint, change);
    if (changed !== undefined) return { endpoint: changed, key };
  }
  throw new Problem('conflict', 'The endpoint is being changed by others. Nothing was changed; try again.');
};

const keyFor = (
  { random }: RotateSecretDeps,
  { secrets: [newest = ''] }: Endpoint,
  { secret, kind = secret === undefined ? kindOf(newest) : 'v1' }: AskedRotation,
): SigningKey => (secret === undefined ? newSigningKey(random, kind) : { secret });

const rotation = async (
  { secrets, clock }: RotateSecretDeps,
  ref: EndpointRef,
  endpoint: Endpoint,
  key: SigningKey,
  { overlapMs }: AskedRotation,
): Promise<{ readonly secrets: readonly StoredSigningKey[] }> => {
  const now = clock.now();
  const plain = key.publicKey === undefined ? key.secret : key;
  const next = (await sealed(secrets, ref, { secrets: [plain] })).secrets[0] ?? plain;
  const rotated = rotatedKeys(endpoint.secrets, next, now, overlapMs);
  if (rotated.length > limits.endpointSecrets) throw tooMany(livingKeys(endpoint.secrets, now).length);
  return { secrets: rotated, ...(await resealing(secrets, ref, { ...endpoint, secrets: rotated }, now)) };
};

const tooMany = (living: number): Problem =>
  new Problem(
    'limit_exceeded',
    `${living} keys sign the requests to this endpoint already, and ${limits.endpointSecrets} may (limit endpointSecrets). Wait until one of them ends, or end them all with "overlapSeconds": 0. Nothing was changed.`,
    { members: exceededLimit('endpointSecrets') },
  );
