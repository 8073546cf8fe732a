import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../domain/errors.ts';
import {
  changedEndpoint,
  changedGroup,
  type Endpoint,
  type EndpointChange,
  type Group,
  type GroupChange,
  nextVersion,
  type Subscription,
} from '../../domain/groups/groups.ts';
import type { GroupPlace, GroupPlaces } from '../../domain/groups/places.ts';
import type { GroupRef, GroupStore } from '../groups.ts';

interface Standing {
  readonly group: Group;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

/**
 * Groups and endpoints in memory. Every call takes effect before it returns its promise; what goes in and what comes
 * out are copies.
 */
export class MemoryGroupStore implements GroupStore {
  /** By topic id, then by the group's name. */
  readonly #topics = new Map<string, Map<string, Standing>>();
  /** Ids of groups and endpoints. */
  readonly #deleted = new Set<string>();
  /** By topic id. */
  readonly #places = new Map<string, GroupPlaces>();

  async create(group: Group): Promise<{ created: boolean; group: Group }> {
    const ref = { topicId: group.topicId, group: group.name };
    const found = this.#find(ref);
    if (found === undefined && this.#deleted.has(group.groupId))
      throw new Problem('conflict', `Group "${group.name}" was deleted meanwhile.`);
    const standing = found ?? this.#keep(ref, { group: structuredClone(group), endpoints: new Map() });
    return { created: standing.group.groupId === group.groupId, group: structuredClone(standing.group) };
  }

  async get(ref: GroupRef): Promise<Subscription | undefined> {
    const standing = this.#find(ref);
    return standing && subscription(standing);
  }

  async list(topicId: string): Promise<readonly Subscription[]> {
    const groups = [...(this.#topics.get(topicId) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return groups.map(([, standing]) => subscription(standing));
  }

  async delete(ref: GroupRef, groupId: string): Promise<void> {
    if (this.#find(ref)?.group.groupId !== groupId) return;
    this.#topics.get(ref.topicId)?.delete(ref.group);
    this.#deleted.add(groupId);
  }

  async putEndpoint(
    { groupId, ...ref }: GroupRef & { readonly groupId?: string },
    endpoint: Endpoint,
  ): Promise<boolean> {
    const standing = this.#find(ref);
    if (!standing || this.#deleted.has(endpoint.endpointId)) return false;
    if (groupId !== undefined && standing.group.groupId !== groupId) return false;
    if (standing.endpoints.has(endpoint.endpointId)) return true;
    const endpoints = new Map(standing.endpoints).set(endpoint.endpointId, structuredClone(endpoint));
    this.#keep(ref, { ...standing, endpoints });
    return true;
  }

  async update<G extends Group>(read: G, change: GroupChange): Promise<G | undefined> {
    const ref = { topicId: read.topicId, group: read.name };
    const standing = this.#find(ref);
    if (standing?.group.groupId !== read.groupId) return undefined;
    // The id never belongs to a group of another mode.
    const group = structuredClone(changedGroup(standing.group as G, change, nextVersion(read)));
    if (isDeepStrictEqual(standing.group, group)) return group;
    if (standing.group.version !== read.version) return undefined;
    this.#keep(ref, { ...standing, group });
    return structuredClone(group);
  }

  async updateEndpoint(ref: GroupRef, read: Endpoint, change: EndpointChange): Promise<Endpoint | undefined> {
    const { endpointId } = read;
    const standing = this.#find(ref);
    const endpoint = standing?.endpoints.get(endpointId);
    if (!standing || !endpoint) return undefined;
    const changed = structuredClone(changedEndpoint(endpoint, change, nextVersion(read)));
    if (isDeepStrictEqual(endpoint, changed)) return changed;
    if (endpoint.version !== read.version) return undefined;
    this.#keep(ref, { ...standing, endpoints: new Map(standing.endpoints).set(endpointId, changed) });
    return structuredClone(changed);
  }

  async deleteEndpoint(ref: GroupRef, endpointId: string): Promise<void> {
    const standing = this.#find(ref);
    if (!standing?.endpoints.has(endpointId)) return;
    const endpoints = new Map(standing.endpoints);
    endpoints.delete(endpointId);
    this.#deleted.add(endpointId);
    this.#keep(ref, { ...standing, endpoints });
  }

  async barEndpoint(ref: GroupRef, endpointId: string, isForsaken: boolean): Promise<boolean> {
    return !this.#find(ref)?.endpoints.has(endpointId) && this.#bar(endpointId, isForsaken);
  }

  async places(topicId: string): Promise<GroupPlaces | undefined> {
    return structuredClone(this.#places.get(topicId));
  }

  async replacePlaces(
    topicId: string,
    read: GroupPlaces | undefined,
    places: readonly GroupPlace[],
  ): Promise<GroupPlaces | undefined> {
    const standing = this.#places.get(topicId);
    const changed = structuredClone({ version: (read?.version ?? 0) + 1, places });
    if (isDeepStrictEqual(standing, changed)) return changed;
    if (standing?.version !== read?.version) return undefined;
    this.#places.set(topicId, changed);
    return structuredClone(changed);
  }

  async barGroup(ref: GroupRef, groupId: string, isForsaken: boolean): Promise<boolean> {
    return this.#find(ref) === undefined && this.#bar(groupId, isForsaken);
  }

  async deletePlaces(topicId: string): Promise<void> {
    this.#places.delete(topicId);
  }

  #bar(id: string, isForsaken: boolean): boolean {
    if (isForsaken) this.#deleted.add(id);
    return this.#deleted.has(id);
  }

  #find({ topicId, group }: GroupRef): Standing | undefined {
    return this.#topics.get(topicId)?.get(group);
  }

  #keep({ topicId, group }: GroupRef, standing: Standing): Standing {
    const groups = this.#topics.get(topicId) ?? new Map<string, Standing>();
    this.#topics.set(topicId, groups.set(group, standing));
    return standing;
  }
}

const subscription = ({ group, endpoints }: Standing): Subscription =>
  structuredClone({
    group,
    endpoints: [...endpoints.values()].sort((a, b) => (a.endpointId < b.endpointId ? -1 : 1)),
  });
