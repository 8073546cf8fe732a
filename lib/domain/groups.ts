export interface DeliverySettings {
  /** Records of one webhook request at most. */
  readonly batchSize: number;
  readonly timeoutSeconds: number;
  /** After how many refusals a record that stands alone is dead-lettered. */
  readonly maxAttempts: number;
  readonly backoff: { readonly initialSeconds: number; readonly maxSeconds: number };
}

export const deliveryDefaults: DeliverySettings = {
  batchSize: 100,
  timeoutSeconds: 15,
  maxAttempts: 10,
  backoff: { initialSeconds: 1, maxSeconds: 900 },
};

/** Where a group was asked to begin. */
export type GroupStart =
  | 'earliest'
  | 'latest'
  | { readonly timestamp: string }
  | { readonly offsets: Readonly<Record<string, number>> };

/** A consumer group: an independent reader of a whole topic. */
export interface Group {
  readonly name: string;
  /** Unique for ever, with no dots (it is part of webhook ids). */
  readonly groupId: string;
  readonly topic: string;
  readonly topicId: string;
  readonly mode: 'push';
  readonly start: GroupStart;
  /** The offset of each partition, by its number, at which the group began; a partition added later begins at 0. */
  readonly startOffsets: readonly number[];
  readonly delivery: DeliverySettings;
  /** Wall clock ms. */
  readonly createdAt: number;
}

/** A registered webhook of a group. */
export interface Endpoint {
  readonly endpointId: string;
  readonly url: string;
  /** Sent with every request, beside Millrace's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly description?: string;
  /** `whsec_…`, newest first; each signs every request. */
  readonly secrets: readonly string[];
  readonly status: 'enabled' | 'disabled';
  /** Why it was disabled, for people. */
  readonly disabledReason?: string;
  /** Wall clock ms. */
  readonly createdAt: number;
}

/** A group with its endpoints, as one query gives them. */
export interface Subscription {
  readonly group: Group;
  readonly endpoints: readonly Endpoint[];
}

/** The endpoint that a group's messages go to. A group has one at most so far. */
export const enabledEndpoint = ({ endpoints }: Pick<Subscription, 'endpoints'>): Endpoint | undefined =>
  endpoints.find(({ status }) => status === 'enabled');

/**
 * A group whose endpoints are all disabled is paused. This follows from the endpoints and is stored nowhere, so that it
 * ends with them, whatever was written late.
 */
export const groupStatus = (subscription: Pick<Subscription, 'endpoints'>): 'active' | 'paused' =>
  subscription.endpoints.length > 0 && enabledEndpoint(subscription) === undefined ? 'paused' : 'active';
