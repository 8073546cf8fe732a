import type { Endpoint, Group, Subscription } from '../domain/groups.ts';

/** Where a group stands: groups and endpoints are kept under their topic's id, so that one query gives a topic's. */
export interface GroupRef {
  readonly topicId: string;
  readonly group: string;
}

/**
 * Groups and their endpoints. Reads are strongly consistent. No copy of a write that lands late changes anything: an
 * endpoint, for one, is disabled once and never enabled again.
 */
export interface GroupStore {
  /**
   * Stores `group` unless the topic has one of that name; answers with the one that stands there now. `created` is
   * true when that one is the caller's own (the same `groupId`), so a repeated request recognises itself.
   * @throws Problem `conflict` when the group of this id was deleted: it is not stored again.
   */
  create(group: Group): Promise<{ readonly created: boolean; readonly group: Group }>;
  /** The group with its endpoints, in order of endpoint id. */
  get(ref: GroupRef): Promise<Subscription | undefined>;
  /** Every group of a topic with its endpoints, in order of name. */
  list(topicId: string): Promise<readonly Subscription[]>;
  /** Removes the group, if the name still belongs to `groupId`, and its endpoints. Repeating it is no error. */
  delete(ref: GroupRef, groupId: string): Promise<void>;

  /**
   * Stores a new endpoint with the group that bears the name now; false when there is none, or the endpoint was deleted
   * already. One of its id that stands stays as it is. A group created later under the same name does not inherit it.
   */
  putEndpoint(ref: GroupRef, endpoint: Endpoint): Promise<boolean>;
  /** Disables an endpoint that is there; false when it is not. Repeating it keeps the first reason. */
  disableEndpoint(ref: GroupRef, endpointId: string, reason: string): Promise<boolean>;
  /** Repeating it is no error. */
  deleteEndpoint(ref: GroupRef, endpointId: string): Promise<void>;
}
