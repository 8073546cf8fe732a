import { type DeliveryFormat, hasOneRecord } from '../delivery/formats.ts';
import type { EndpointOutage } from '../delivery/retry.ts';
import type { EndpointAuthentication } from './authentication.ts';
import type { Resend } from './resends.ts';
import type { StoredSigningKey } from './signing-keys.ts';

export interface DeliverySettings {
  /** How a request is made of records. Groups of older versions were stored without: by default then. */
  readonly format: DeliveryFormat;
  /** Records of one webhook request at most, in a format that takes several. */
  readonly batchSize: number;
  readonly timeoutSeconds: number;
  readonly backoff: { readonly initialSeconds: number; readonly maxSeconds: number };
  /** What the attempt log has beside failures: the share of attempts that succeeded, 0 to 1. */
  readonly attemptLog: { readonly successes: number };
  /**
   * `partition`: one message of a partition after the other. `key`: records of one key one after the other, and up to `concurrency` messages
   * of a partition at a time. `none`: any, up to as many at a time.
   */
  readonly ordering: 'partition' | 'key' | 'none';
  /** Messages of one partition that are under way at a time, at most. */
  readonly concurrency: number;
  /** A record that was refused alone so often goes to the dead letters; null: never, and it is tried for as long as it takes. */
  readonly maxAttempts: number | null;
  /** And no sooner than so long after its first refusal, since what refuses for a minute may be a deploy: `refusals.ts`. */
  readonly deadLetterAfterSeconds: number;
  /** `response`: what the endpoint answers acknowledges a message. `explicit`: it only takes it, and says more later, by the token that it got. */
  readonly ack: 'response' | 'explicit';
  /** Of `explicit`: a message that nothing was said of for so long is refused. */
  readonly ackTimeoutSeconds: number;
  /** An expression of JSONata: only records for which it is true are sent. Absent: all. */
  readonly filter?: string;
  /** An expression of JSONata: what it gives is sent as the record's value. */
  readonly transform?: string;
}

export const deliveryDefaults: DeliverySettings = {
  format: 'webhook',
  batchSize: 100,
  timeoutSeconds: 15,
  backoff: { initialSeconds: 1, maxSeconds: 900 },
  maxAttempts: 10,
  deadLetterAfterSeconds: 300,
  attemptLog: { successes: 0 },
  ordering: 'partition',
  concurrency: 1,
  ack: 'response',
  ackTimeoutSeconds: 60,
};

/** What may change of it; what is left out stays as it is. */
export type DeliveryChange = Partial<Omit<DeliverySettings, 'backoff' | 'filter' | 'transform'>> & {
  /** null takes it away. */
  readonly filter?: string | null;
  readonly transform?: string | null;
  readonly backoff?: Partial<DeliverySettings['backoff']>;
};

/** `settings` with `change`, and nothing that is no setting; what older versions did not store is as by default. */
export const mergedDelivery = (
  settings: Partial<DeliverySettings>,
  change: DeliveryChange,
): DeliverySettings => {
  const given = { ...deliveryDefaults, ...settings, ...change };
  const { format, batchSize, timeoutSeconds, maxAttempts, deadLetterAfterSeconds, filter, transform } = given;
  const { ordering, concurrency, ack, ackTimeoutSeconds } = given;
  const { initialSeconds, maxSeconds } = {
    ...deliveryDefaults.backoff,
    ...settings.backoff,
    ...change.backoff,
  };
  return {
    format,
    batchSize,
    timeoutSeconds,
    backoff: { initialSeconds, maxSeconds },
    maxAttempts,
    deadLetterAfterSeconds,
    attemptLog: { successes: given.attemptLog.successes },
    ordering,
    concurrency,
    ack,
    ackTimeoutSeconds,
    ...(typeof filter === 'string' && { filter }),
    ...(typeof transform === 'string' && { transform }),
  };
};

/** The settings as they count, which is how they are shown: the batch size is kept for when another format is chosen. */
export const effectiveDelivery = (settings: Partial<DeliverySettings>): DeliverySettings => {
  const merged = mergedDelivery(settings, {});
  return hasOneRecord(merged.format) ? { ...merged, batchSize: 1 } : merged;
};

/** Where a group was asked to begin. */
export type GroupStart =
  | 'earliest'
  | 'latest'
  | { readonly timestamp: string }
  | { readonly offsets: Readonly<Record<string, number>> };

/** How a group gets its records: it is called (`push`), its members share the partitions (`pull`) or the records (`shared`). */
export type GroupMode = 'push' | 'pull' | 'shared';

/** How a group that pulls is read. */
export interface ReadingSettings {
  /** A member that has not polled for so long is no member any more. */
  readonly sessionTimeoutSeconds: number;
  /** What was handed out and not acknowledged for so long is handed out again. */
  readonly ackTimeoutSeconds: number;
  /** Of a shared group: a record that was handed out so often goes to the dead letters; null: never. */
  readonly maxDeliveries: number | null;
}

export const readingDefaults: ReadingSettings = {
  sessionTimeoutSeconds: 30,
  ackTimeoutSeconds: 60,
  maxDeliveries: 10,
};

/** Dead letters of a group that it is given again: the newest such request. */
export interface Redrive {
  /** Unique for ever: the lane of the cursors that go through them. */
  readonly redriveId: string;
  /** Of the topic that they are in. */
  readonly deadTopicId: string;
  /** By partition of that topic: the first offset, and the one after the last. */
  readonly ranges: Readonly<Record<string, readonly [from: number, to: number]>>;
  /** By partition of that topic: below it everything was asked for once. Where the next redrive of all begins. */
  readonly through: Readonly<Record<string, number>>;
  /** Wall clock ms. */
  readonly requestedAt: number;
}

/** A place among the endpoints of a group, and the URL that it keeps from others. */
export interface EndpointPlace {
  readonly endpointId: string;
  /** `urlMark` (`places.ts`) of the URL that the endpoint has, or is to have. */
  readonly url: string;
  /** The endpoint's version in which it has, or is to have it. */
  readonly version: number;
  /** Wall clock ms. */
  readonly takenAt: number;
}

interface AnyGroup {
  readonly name: string;
  /** Unique for ever, with no dots (it is part of webhook ids). */
  readonly groupId: string;
  readonly topic: string;
  readonly topicId: string;
  readonly start: GroupStart;
  /** The offset of each partition, by its number, at which the group began; a partition added later begins at 0. */
  readonly startOffsets: readonly number[];
  /** Wall clock ms. Since when it is paused by a request; absent while it is not. */
  readonly pausedSince?: number;
  /** Wall clock ms. */
  readonly createdAt: number;
  /** Of a group that is pushed to or shared, once it was given dead letters again. */
  readonly redrive?: Redrive;
  /** Grows by one with each change; absent before the first, which makes it 2. */
  readonly version?: number;
}

export interface PushGroup extends AnyGroup {
  readonly mode: 'push';
  readonly delivery: DeliverySettings;
  /** Of its endpoints; absent before the first. See `places.ts`. */
  readonly places?: readonly EndpointPlace[];
}

export interface PulledGroup extends AnyGroup {
  readonly mode: 'pull' | 'shared';
  readonly reading: ReadingSettings;
}

/** A consumer group: an independent reader of a whole topic. */
export type Group = PushGroup | PulledGroup;

/** What can change of a group; null takes it away. Settings are given whole. */
export interface GroupChange {
  readonly delivery?: DeliverySettings;
  readonly reading?: ReadingSettings;
  readonly pausedSince?: number | null;
  readonly redrive?: Redrive;
  readonly places?: readonly EndpointPlace[];
}

/** A registered webhook of a group. */
/** That an endpoint agreed to be called: the handshake of CloudEvents' web hooks. */
export interface Handshake {
  /** The DNS name that it was asked in, which every request to it has. */
  readonly origin: string;
  /** Requests a minute that it allows. Absent: any number. */
  readonly perMinute?: number;
}

export interface Endpoint {
  readonly endpointId: string;
  readonly url: string;
  /** Requests that may be under way to it at once, of all processes together. Absent: any number. */
  readonly maxConcurrentRequests?: number;
  /** How often it may be called, by all processes together. Absent: as often as there is something. */
  readonly requestsPerSecond?: number;
  /** Bytes of a request's body at most; a single larger record goes alone. Absent: `limits.deliveryBytes`. */
  readonly maxRequestBytes?: number;
  /** Sent with every request, beside Millrace's own. Stored, their values are sealed (`lib/secrets/`), or plain from an older version. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly authentication?: EndpointAuthentication;
  /** Absent: it was not asked. */
  readonly handshake?: Handshake;
  readonly description?: string;
  /** Newest first; each that lives signs every request. Stored, they are sealed, or `whsec_…` in plain from an older version. */
  readonly secrets: readonly StoredSigningKey[];
  readonly status: 'enabled' | 'disabled';
  /** Why it was disabled, for people. */
  readonly disabledReason?: string;
  /** Wall clock ms; those that older versions disabled have none. */
  readonly disabledAt?: number;
  /** Wall clock ms. */
  readonly createdAt: number;
  /**
   * Wall clock ms. Since when it is called as it is: it was enabled then, or got its URL. Absent: since it was made. What
   * failed before is not held against it.
   */
  readonly calledSince?: number;
  /** Where the group has several endpoints: the outage that it is in. */
  readonly outage?: EndpointOutage;
  /** Absent: nothing was ever sent to it again by request. */
  readonly resend?: Resend;
  /** Grows by one with each change; absent before the first, which makes it 2. */
  readonly version?: number;
}

/** What can change of an endpoint; null takes it away. */
export interface EndpointChange {
  readonly url?: string;
  readonly secrets?: readonly StoredSigningKey[];
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly authentication?: EndpointAuthentication | null;
  readonly description?: string | null;
  readonly maxConcurrentRequests?: number | null;
  readonly requestsPerSecond?: number | null;
  readonly maxRequestBytes?: number | null;
  readonly handshake?: Handshake | null;
  readonly status?: Endpoint['status'];
  readonly disabledReason?: string | null;
  readonly disabledAt?: number | null;
  readonly calledSince?: number;
  readonly outage?: EndpointOutage | null;
  readonly resend?: Resend | null;
}

/** What it is after `change`, which gives it `version`; null takes a member away. */
const changed = <T extends object>(standing: T, change: object, version: number): T => {
  const given = Object.entries({ ...change, version }).filter(([, value]) => value !== undefined);
  const members = Object.entries({ ...standing, ...Object.fromEntries(given) });
  return Object.fromEntries(members.filter(([, value]) => value !== null)) as unknown as T;
};

/** The endpoint as it is after `change`, which gives it `version`. */
export const changedEndpoint = (endpoint: Endpoint, change: EndpointChange, version: number): Endpoint =>
  changed(endpoint, change, version);

/** The group as it is after `change`, which gives it `version`. */
export const changedGroup = <G extends Group>(group: G, change: GroupChange, version: number): G =>
  changed(group, change, version);

/** What there is to change of an endpoint that is not to be called any more. @param at wall clock ms. */
export const disabling = (disabledReason: string, disabledAt: number): EndpointChange => ({
  status: 'disabled',
  disabledReason,
  disabledAt,
});

/** What there is to change of an endpoint that is to be called from now on. @param at wall clock ms. */
export const enabling = (at: number): EndpointChange => ({
  status: 'enabled',
  disabledReason: null,
  disabledAt: null,
  calledSince: at,
  outage: null,
});

/** The version that a change gives a group or an endpoint. */
export const nextVersion = ({ version = 1 }: Pick<Group | Endpoint, 'version'>): number => version + 1;

/** A group with its endpoints, as one query gives them. */
export interface Subscription<G extends Group = Group> {
  readonly group: G;
  readonly endpoints: readonly Endpoint[];
}

/** The first of a group's endpoints that is enabled: there is one where the group is called at all. */
export const enabledEndpoint = ({ endpoints }: Pick<Subscription, 'endpoints'>): Endpoint | undefined =>
  endpoints.find(({ status }) => status === 'enabled');

/**
 * A group is paused by a request, and one whose endpoints are all disabled is as well. That follows from the endpoints and
 * is stored nowhere, so that it ends with them, whatever was written late.
 */
export const groupStatus = (subscription: Subscription): 'active' | 'paused' =>
  subscription.group.pausedSince !== undefined || isUncallable(subscription) ? 'paused' : 'active';

const isUncallable = (subscription: Pick<Subscription, 'endpoints'>): boolean =>
  subscription.endpoints.length > 0 && enabledEndpoint(subscription) === undefined;

/** The endpoint that was disabled last, where that paused the group. */
export const pausedBy = (subscription: Pick<Subscription, 'endpoints'>): Endpoint | undefined =>
  isUncallable(subscription)
    ? subscription.endpoints.reduce((last, each) =>
        (each.disabledAt ?? 0) >= (last.disabledAt ?? 0) ? each : last,
      )
    : undefined;
