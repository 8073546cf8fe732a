import { type EndpointTestDeps, testEndpoint } from '../../delivery/requests/endpoint-test.ts';
import { assertPublicUrl, type EgressRules } from '../../domain/delivery/egress.ts';
import type { EndpointAuthentication } from '../../domain/groups/authentication.ts';
import type { Endpoint } from '../../domain/groups/groups.ts';
import { asSigningKey, kindOf } from '../../domain/groups/signing-keys.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import { changeEndpoint, findEndpoint } from '../../groups/endpoints/change-endpoint.ts';
import { agreedSettings, askForConsent } from '../../groups/endpoints/handshake.ts';
import {
  type NewEndpoint,
  type RegisterEndpointDeps,
  registerEndpoint,
} from '../../groups/endpoints/register-endpoint.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type {
  EndpointAnswer,
  EndpointListAnswer,
  EndpointTestAnswer,
  NewEndpointAnswer,
} from '../answers/endpoints.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { endpointChange, newEndpoint } from '../schemas/endpoints.ts';
import { findSubscription } from './groups/find-subscription.ts';

export interface EndpointDeps extends ApiDeps, RegisterEndpointDeps, EndpointTestDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  /** Endpoints on this machine, over http too: for the local runtime alone. */
  readonly allowLoopback?: boolean;
}

const path = '/v1/topics/:topic/groups/:group/endpoints';

/** Neither the secrets nor the values of headers, which may be secrets too. */
export const shown = ({
  endpointId,
  url,
  description,
  headers,
  authentication,
  secrets,
  maxConcurrentRequests,
  requestsPerSecond,
  maxRequestBytes,
  handshake,
  status,
  disabledReason,
  disabledAt,
  createdAt,
}: Endpoint): EndpointAnswer => ({
  id: endpointId,
  url,
  status,
  ...(disabledReason !== undefined && { disabledReason }),
  ...(disabledAt !== undefined && { disabledAt: timestampText(disabledAt) }),
  ...(description !== undefined && { description }),
  ...(headers !== undefined && { headerNames: Object.keys(headers) }),
  ...(authentication !== undefined && { authentication: { type: authentication.type } }),
  ...shownKeys(secrets),
  ...(maxConcurrentRequests !== undefined && { maxConcurrentRequests }),
  ...(requestsPerSecond !== undefined && { requestsPerSecond }),
  ...(maxRequestBytes !== undefined && { maxRequestBytes }),
  ...(handshake !== undefined && { handshake }),
  createdAt: timestampText(createdAt),
});

/** Where there is more to know than that one secret signs. */
const shownKeys = (secrets: Endpoint['secrets']): Pick<EndpointAnswer, 'signingKeys'> => {
  const keys = secrets.map(asSigningKey);
  if (keys.every(({ publicKey, until }) => publicKey === undefined && until === undefined)) return {};
  return {
    signingKeys: keys.map(({ publicKey, until, ...key }) => ({
      kind: kindOf({ ...key, ...(publicKey !== undefined && { publicKey }) }),
      ...(publicKey !== undefined && { publicKey }),
      ...(until !== undefined && { until: timestampText(until) }),
    })),
  };
};

/** @throws Problem as `assertPublicUrl` */
const assertPublicTokenUrl = (
  authentication: EndpointAuthentication | null | undefined,
  rules: EgressRules,
): void => {
  if (authentication?.type === 'oauth2') assertPublicUrl(authentication.tokenUrl, rules);
};

/** The DNS name that a request came to, in which endpoints are asked. */
const originOf = (c: ApiContext): string => new URL(c.req.url).hostname;

/** What an endpoint has that agreed to be called. @throws Problem `handshake_failed` */
const consent = async (
  deps: EndpointDeps,
  c: ApiContext,
  { url, requestsPerSecond }: Pick<NewEndpoint, 'url' | 'requestsPerSecond'>,
): Promise<Pick<NewEndpoint, 'handshake' | 'requestsPerSecond'>> => {
  const handshake = await askForConsent(deps, { url, origin: originOf(c), requestsPerSecond });
  return agreedSettings(handshake, requestsPerSecond);
};

/** `POST …/endpoints`: the only answer that shows the secret. */
const postEndpoint = (api: Api, deps: EndpointDeps): void => {
  api.post(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const given = check(newEndpoint, await readJson(c, { limit: 'settingsBytes' }));
    const rules = { allowLoopback: deps.allowLoopback ?? false };
    const url = assertPublicUrl(given.url, rules);
    assertPublicTokenUrl(given.authentication, rules);
    const { topic, ...subscription } = await findSubscription(deps, c);
    const requestId = c.get('requestId');
    const { handshake: isAsked = false, ...settings } = given;
    const handshake = isAsked ? await consent(deps, c, { ...settings, url }) : {};
    const { endpoint, secret } = await registerEndpoint(deps, topic, subscription, {
      ...{ ...settings, ...handshake },
      ...{ url, requestId },
    });
    return c.json({ ...shown(endpoint), secret } satisfies NewEndpointAnswer, 201);
  });
};

/** `PATCH …/endpoints/{endpoint}` */
const patchEndpoint = (api: Api, deps: EndpointDeps): void => {
  api.patch(`${path}/:endpoint`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { url, ...settings } = check(endpointChange, await readJson(c, { limit: 'settingsBytes' }));
    const rules = { allowLoopback: deps.allowLoopback ?? false };
    assertPublicTokenUrl(settings.authentication, rules);
    const asked = { ...settings, ...(url !== undefined && { url: assertPublicUrl(url, rules) }) };
    const { topic, group } = await findSubscription(deps, c);
    const endpointId = pathParameter(c, 'endpoint');
    const at = { group: group.name, endpointId, requestId: c.get('requestId') };
    return c.json(shown(await changeEndpoint(deps, topic, at, asked, originOf(c))));
  });
};

/** `POST …/endpoints/{endpoint}/test` */
const postTest = (api: Api, deps: EndpointDeps): void => {
  api.post(`${path}/:endpoint/test`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { group, endpoints } = await findSubscription(deps, c);
    const endpoint = findEndpoint({ group, endpoints }, pathParameter(c, 'endpoint'));
    // Groups of no other mode have endpoints.
    if (group.mode !== 'push') throw new Error('A group that is pulled from has an endpoint.');
    return c.json((await testEndpoint(deps, group, endpoint)) satisfies EndpointTestAnswer);
  });
};

/** A group's webhooks: registered, listed, shown, changed, tested and deleted. */
export const endpointRoutes = (api: Api, deps: EndpointDeps): void => {
  postEndpoint(api, deps);
  patchEndpoint(api, deps);
  postTest(api, deps);
  api.get(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { endpoints } = await findSubscription(deps, c);
    return answerJson(c, { endpoints: endpoints.map(shown) } satisfies EndpointListAnswer);
  });
  api.get(`${path}/:endpoint`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    return c.json(shown(findEndpoint(await findSubscription(deps, c), pathParameter(c, 'endpoint'))));
  });
  api.delete(`${path}/:endpoint`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { topic, ...subscription } = await findSubscription(deps, c);
    const { endpointId } = findEndpoint(subscription, pathParameter(c, 'endpoint'));
    await deps.groups.deleteEndpoint({ topicId: topic.topicId, group: subscription.group.name }, endpointId);
    return c.body(null, 204);
  });
};
