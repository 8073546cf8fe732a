import { Problem } from '../../domain/errors.ts';
import type { Endpoint } from '../../domain/groups/groups.ts';
import { livingKeys } from '../../domain/groups/signing-keys.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import { type RotateSecretDeps, rotateSecret } from '../../groups/endpoints/rotate-secret.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { RotatedEndpointAnswer, WebhookKeysAnswer } from '../answers/endpoints.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery, readQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { secretRotation } from '../schemas/endpoints.ts';
import { shown } from './endpoints.ts';

export interface EndpointSecretsDeps extends ApiDeps, RotateSecretDeps {
  readonly directory: Pick<TopicDirectory, 'resolve' | 'resolveAgain'>;
}

/** An endpoint's signing keys: a new one, and the public ones. */
export const endpointSecretRoutes = (api: Api, deps: EndpointSecretsDeps): void => {
  api.post(
    '/v1/topics/:topic/groups/:group/endpoints/:endpoint/rotate-secret',
    allow(deps, 'groups'),
    async (c) => {
      noQuery(c);
      const request = check(secretRotation, await readJson(c, { limit: 'settingsBytes', whenEmpty: {} }));
      const { overlapSeconds = 86_400, ...asked } = request;
      const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
      const at = { group: pathParameter(c, 'group'), endpointId: pathParameter(c, 'endpoint') };
      const rotated = await rotateSecret(deps, topic, at, { overlapMs: overlapSeconds * 1000, ...asked });
      const { endpoint, key } = rotated;
      // Whoever has the private key of `v1a` could sign as we do: nobody needs it.
      const told = key.publicKey === undefined ? { secret: key.secret } : { publicKey: key.publicKey };
      return c.json({ ...shown(endpoint), ...told } satisfies RotatedEndpointAnswer);
    },
  );
  api.get('/v1/.well-known/webhook-keys', async (c) => {
    const endpoint = await asked(deps, c);
    return answerJson(c, { keys: publicKeys(endpoint, deps.clock.now()) } satisfies WebhookKeysAnswer);
  });
};

/** Ids are random, so that nobody learns of an endpoint by asking. What cannot be one costs no read. */
const asked = async (deps: EndpointSecretsDeps, c: ApiContext): Promise<Endpoint> => {
  const { topic, group, endpoint } = readQuery(c, ['topic', 'group', 'endpoint']);
  const unknown = new Problem(
    'endpoint_not_found',
    'There is no such endpoint. Give its topic, its group and its id: ?topic=orders&group=billing&endpoint=….',
  );
  if (topic === undefined || group === undefined || !/^[0-9a-f]{16,20}$/.test(endpoint ?? '')) throw unknown;
  const { topicId } = await deps.directory.resolve(topic).catch((error: unknown) => {
    throw error instanceof Problem && error.code === 'topic_not_found' ? unknown : error;
  });
  const found = await deps.groups.get({ topicId, group });
  const one = found?.endpoints.find(({ endpointId }) => endpointId === endpoint);
  if (one === undefined) throw unknown;
  return one;
};

/** As a set of JSON Web Keys (RFC 7517, RFC 8037), each with its form of Standard Webhooks. */
const publicKeys = ({ secrets }: Endpoint, at: number): WebhookKeysAnswer['keys'] =>
  livingKeys(secrets, at).flatMap(({ publicKey, until }) => {
    if (publicKey === undefined) return [];
    const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
    const end = until === undefined ? {} : { until: timestampText(until) };
    return [{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', x, publicKey, ...end } as const];
  });
