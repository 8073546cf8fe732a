import { Problem } from '../../domain/errors.ts';
import { disabledByRequest } from '../../domain/events/events.ts';
import {
  disabling,
  type Endpoint,
  type EndpointChange,
  enabledEndpoint,
  enabling,
  type Handshake,
  nextVersion,
  type Subscription,
} from '../../domain/groups/groups.ts';
import { urlMark } from '../../domain/groups/places.ts';
import { refuseWhileDeleted, type Topic } from '../../domain/topics.ts';
import { type EndpointRef, resealing, sealed } from '../../secrets/endpoint-secrets.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { WebhookSender } from '../../stores/webhooks.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { findGroup } from '../describe.ts';
import { type WakeGroupDeps, wakeChanged } from '../wake-group.ts';
import { agreedSettings, askForConsent } from './handshake.ts';
import { takePlace } from './places.ts';
import { changesAtMost } from './register-endpoint.ts';

/** What a request may change of an endpoint; null takes it away. */
export type AskedOfEndpoint = Pick<
  EndpointChange,
  | 'url'
  | 'headers'
  | 'authentication'
  | 'description'
  | 'status'
  | 'maxConcurrentRequests'
  | 'requestsPerSecond'
  | 'maxRequestBytes'
> & {
  /** Whether it is to agree to be called first, where it has not, and at each other URL. */
  readonly handshake?: boolean;
};

export interface ChangeEndpointDeps extends WakeGroupDeps {
  readonly webhooks: WebhookSender;
  readonly groups: Pick<GroupStore, 'get' | 'update' | 'updateEndpoint' | 'barEndpoint'>;
  readonly clock: Clock;
  readonly secrets: Secrets;
}

/** @throws Problem `endpoint_not_found` */
export const findEndpoint = ({ endpoints, group }: Subscription, id: string): Endpoint => {
  const found = endpoints.find(({ endpointId }) => endpointId === id);
  if (found !== undefined) return found;
  throw new Problem('endpoint_not_found', `Group "${group.name}" has no endpoint of this id.`);
};

/** What is to be written for `asked`. What failed at another URL, or before it was enabled, is not held against it. */
const changeFor = (endpoint: Endpoint, asked: AskedOfEndpoint, now: number): EndpointChange => {
  const { status, handshake: _asked, ...settings } = asked;
  const isMoved = asked.url !== undefined && asked.url !== endpoint.url;
  return {
    ...settings,
    ...(isMoved && { calledSince: now, outage: null }),
    ...(status === 'enabled' && enabling(now)),
    ...(status === 'disabled' && endpoint.status === 'enabled' && disabling(disabledByRequest, now)),
  };
};

/** What it has agreed to once it is as asked, which takes asking where it has not, or not at this URL; undefined: it is not asked. */
const agreed = async (
  deps: ChangeEndpointDeps,
  endpoint: Endpoint,
  asked: AskedOfEndpoint,
  origin: string,
): Promise<Handshake | undefined> => {
  const { handshake: isWanted = endpoint.handshake !== undefined, url = endpoint.url } = asked;
  if (!isWanted) return undefined;
  if (endpoint.handshake !== undefined && url === endpoint.url) return endpoint.handshake;
  const rate = asked.requestsPerSecond === undefined ? endpoint.requestsPerSecond : asked.requestsPerSecond;
  return askForConsent(deps, { url, origin, requestsPerSecond: rate ?? undefined });
};

const handshakeChange = (
  endpoint: Endpoint,
  { requestsPerSecond = endpoint.requestsPerSecond }: AskedOfEndpoint,
  handshake: Handshake | undefined,
): EndpointChange => {
  if (handshake === undefined) return endpoint.handshake === undefined ? {} : { handshake: null };
  return agreedSettings(handshake, requestsPerSecond);
};

/** What is to be written of its secrets and headers: those that are given, and what is not sealed by the newest key yet. */
const sealedParts = async (
  { secrets, clock }: ChangeEndpointDeps,
  ref: EndpointRef,
  endpoint: Endpoint,
  { headers, authentication }: AskedOfEndpoint,
): Promise<Pick<EndpointChange, 'secrets' | 'headers' | 'authentication'>> => ({
  ...(await resealing(secrets, ref, endpoint, clock.now())),
  ...(headers === null && { headers }),
  ...(headers && (await sealed(secrets, ref, { headers }))),
  ...(authentication === null && { authentication }),
  ...(authentication && (await sealed(secrets, ref, { authentication }))),
});

/** Takes the place that the endpoint needs at another URL. False when it is to be read again. */
const hasPlace = async (
  deps: ChangeEndpointDeps,
  { group, endpoints }: Subscription,
  endpoint: Endpoint,
  { url = endpoint.url }: AskedOfEndpoint,
): Promise<boolean> => {
  if (group.mode !== 'push' || urlMark(url) === urlMark(endpoint.url)) return true;
  const place = { endpointId: endpoint.endpointId, url: urlMark(url), version: nextVersion(endpoint) };
  return takePlace(deps, { group, endpoints }, place);
};

/**
 * Changes an endpoint as it was read; when others were first, it is read again. One that is enabled then is called at once
 * where its group has lag, whatever retry is due later, unless the group is paused.
 * @param origin the DNS name that an endpoint is asked in.
 * @throws Problem `group_not_found`, `endpoint_not_found`, `endpoint_exists` when another has the URL, `handshake_failed`, and `conflict` while the topic is being deleted or others keep changing it.
 */
export const changeEndpoint = async (
  deps: ChangeEndpointDeps,
  topic: Topic,
  at: { readonly group: string; readonly endpointId: string; readonly requestId: string },
  asked: AskedOfEndpoint,
  origin: string,
): Promise<Endpoint> => {
  refuseWhileDeleted(topic);
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const subscription = await findGroup(deps.groups, topic, at.group);
    const endpoint = findEndpoint(subscription, at.endpointId);
    const handshake = await agreed(deps, endpoint, asked, origin);
    if (!(await hasPlace(deps, subscription, endpoint, asked))) continue;
    const ref = { topicId: topic.topicId, group: at.group };
    const change = {
      ...changeFor(endpoint, asked, deps.clock.now()),
      ...handshakeChange(endpoint, asked, handshake),
      ...(await sealedParts(deps, { ...ref, endpointId: at.endpointId }, endpoint, asked)),
    };
    const changed = await deps.groups.updateEndpoint(ref, endpoint, change);
    if (changed === undefined) continue;
    if (changed.status === 'enabled') {
      const request = { requestId: at.requestId, isNew: enabledEndpoint(subscription) === undefined };
      await wakeChanged(deps, topic, subscription.group, request);
    }
    return changed;
  }
  throw new Problem('conflict', 'The endpoint is being changed by others. Nothing was changed; try again.');
};
