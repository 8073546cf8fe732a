import type { Endpoint, EndpointChange, Group, GroupChange, Subscription } from '../domain/groups/groups.ts';
import type { GroupPlace, GroupPlaces } from '../domain/groups/places.ts';

/** Where a group stands: groups and endpoints are kept under their topic's id, so that one query gives a topic's. */
export interface GroupRef {
  readonly topicId: string;
  readonly group: string;
}

/**
 * Groups and their endpoints. Reads are strongly consistent. No copy of a write that lands late changes anything: what
 * changes one is bound to the version that was read.
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
  /**
   * Changes what is given of a group that still is as it was read, by its `groupId` and version; answers with it as it is
   * then. Undefined when it is not: read again.
   */
  update<G extends Group>(read: G, change: GroupChange): Promise<G | undefined>;
  /** Removes the group, if the name still belongs to `groupId`, and its endpoints. Repeating it is no error. */
  delete(ref: GroupRef, groupId: string): Promise<void>;

  /**
   * Stores a new endpoint with the group that bears the name now, where it has the `groupId`; false when there is none, or
   * the endpoint was deleted or barred already. One of its id that stands stays as it is. A group created later under the
   * same name does not inherit it.
   */
  putEndpoint(ref: GroupRef & { readonly groupId?: string }, endpoint: Endpoint): Promise<boolean>;
  /**
   * Changes what is given of an endpoint that still is as it was read, by its version; answers with it as it is then.
   * Undefined when it is not: read again.
   */
  updateEndpoint(ref: GroupRef, read: Endpoint, change: EndpointChange): Promise<Endpoint | undefined>;
  /** Repeating it is no error. */
  deleteEndpoint(ref: GroupRef, endpointId: string): Promise<void>;
  /**
   * Whether no endpoint of this id can come to stand any more: it was deleted, or is barred now. It is where nothing
   * stands under the id and it `isForsaken`. An endpoint that stands is not touched.
   */
  barEndpoint(ref: GroupRef, endpointId: string, isForsaken: boolean): Promise<boolean>;

  /** The places that groups of a topic have taken; undefined before the first. */
  places(topicId: string): Promise<GroupPlaces | undefined>;
  /** Puts `places` in place of those that were read; undefined when they are others by now: read again. */
  replacePlaces(
    topicId: string,
    read: GroupPlaces | undefined,
    places: readonly GroupPlace[],
  ): Promise<GroupPlaces | undefined>;
  /** As `barEndpoint`, of a group of this id. It is not while another stands under its name. */
  barGroup(ref: GroupRef, groupId: string, isForsaken: boolean): Promise<boolean>;
  /** Of a topic that is being removed, and has no groups any more. */
  deletePlaces(topicId: string): Promise<void>;
}
