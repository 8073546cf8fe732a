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
import type { GroupRef, GroupStore } from '../groups.ts';
import type { Database } from './database.ts';
import type { Deleted } from './deleted.ts';
import { sqliteGroupPlaces } from './group-places.ts';

interface GroupRow {
  readonly definition: string;
}

interface EndpointRow {
  readonly group_name: string;
  readonly endpoint: string;
}

const toEndpoint = ({ endpoint }: Pick<EndpointRow, 'endpoint'>): Endpoint =>
  JSON.parse(endpoint) as Endpoint;

/** The rows of one topic's groups and endpoints. */
const groupRows = (database: Database) => ({
  group: ({ topicId, group }: GroupRef): Group | undefined => {
    const sql = 'SELECT definition FROM groups WHERE topic_id = ? AND name = ?';
    const row = database.one<GroupRow>(sql, topicId, group);
    return row && (JSON.parse(row.definition) as Group);
  },
  endpoint: ({ topicId, group }: GroupRef, endpointId: string): Endpoint | undefined => {
    const sql = 'SELECT endpoint FROM endpoints WHERE topic_id = ? AND group_name = ? AND endpoint_id = ?';
    const row = database.one<EndpointRow>(sql, topicId, group, endpointId);
    return row && toEndpoint(row);
  },
  endpoints: ({ topicId, group }: GroupRef): readonly Endpoint[] =>
    database
      .all<EndpointRow>(
        'SELECT endpoint FROM endpoints WHERE topic_id = ? AND group_name = ? ORDER BY endpoint_id',
        topicId,
        group,
      )
      .map(toEndpoint),
  keepGroup: <G extends Group>(group: G): G => {
    const sql = 'INSERT OR REPLACE INTO groups (topic_id, name, definition) VALUES (?, ?, ?)';
    database.run(sql, group.topicId, group.name, JSON.stringify(group));
    return group;
  },
  keepEndpoint: ({ topicId, group }: GroupRef, endpoint: Endpoint): Endpoint => {
    const sql =
      'INSERT OR REPLACE INTO endpoints (topic_id, group_name, endpoint_id, endpoint) VALUES (?, ?, ?, ?)';
    database.run(sql, topicId, group, endpoint.endpointId, JSON.stringify(endpoint));
    return endpoint;
  },
});

const list = (database: Database, topicId: string): readonly Subscription[] => {
  const endpoints = Map.groupBy(
    database.all<EndpointRow>(
      'SELECT group_name, endpoint FROM endpoints WHERE topic_id = ? ORDER BY endpoint_id',
      topicId,
    ),
    ({ group_name: name }) => name,
  );
  return database
    .all<GroupRow>('SELECT definition FROM groups WHERE topic_id = ? ORDER BY name', topicId)
    .map(({ definition }) => {
      const group = JSON.parse(definition) as Group;
      return { group, endpoints: (endpoints.get(group.name) ?? []).map(toEndpoint) };
    });
};

/** Groups and endpoints on SQLite. */
export const sqliteGroupStore = (database: Database, deleted: Deleted): GroupStore => {
  const rows = groupRows(database);

  const create = (group: Group): { created: boolean; group: Group } => {
    const standing = rows.group({ topicId: group.topicId, group: group.name });
    if (standing === undefined && deleted.has(group.groupId))
      throw new Problem('conflict', `Group "${group.name}" was deleted meanwhile.`);
    const kept = standing ?? rows.keepGroup(group);
    return { created: kept.groupId === group.groupId, group: kept };
  };

  const update = <G extends Group>(read: G, change: GroupChange): G | undefined => {
    const standing = rows.group({ topicId: read.topicId, group: read.name });
    if (standing?.groupId !== read.groupId) return undefined;
    // The id never belongs to a group of another mode.
    const group = changedGroup(standing as G, change, nextVersion(read));
    if (isDeepStrictEqual(standing, group)) return group;
    return standing.version === read.version ? rows.keepGroup(group) : undefined;
  };

  const putEndpoint = (ref: GroupRef & { readonly groupId?: string }, endpoint: Endpoint): boolean => {
    const group = rows.group(ref);
    if (group === undefined || deleted.has(endpoint.endpointId)) return false;
    if (ref.groupId !== undefined && ref.groupId !== group.groupId) return false;
    if (rows.endpoint(ref, endpoint.endpointId) === undefined) rows.keepEndpoint(ref, endpoint);
    return true;
  };

  const updateEndpoint = (ref: GroupRef, read: Endpoint, change: EndpointChange): Endpoint | undefined => {
    const standing = rows.endpoint(ref, read.endpointId);
    if (standing === undefined) return undefined;
    const changed = changedEndpoint(standing, change, nextVersion(read));
    if (isDeepStrictEqual(standing, changed)) return changed;
    return standing.version === read.version ? rows.keepEndpoint(ref, changed) : undefined;
  };

  return {
    create: (group) => database.write('disk', () => create(group)),
    get: async (ref) => {
      const group = rows.group(ref);
      return group && { group, endpoints: rows.endpoints(ref) };
    },
    list: async (topicId) => list(database, topicId),
    update: (read, change) => database.write('disk', () => update(read, change)),
    delete: (ref, groupId) =>
      database.write('disk', () => {
        if (rows.group(ref)?.groupId !== groupId) return;
        const { topicId, group } = ref;
        database.run('DELETE FROM endpoints WHERE topic_id = ? AND group_name = ?', topicId, group);
        database.run('DELETE FROM groups WHERE topic_id = ? AND name = ?', topicId, group);
        deleted.add(groupId);
      }),
    putEndpoint: (ref, endpoint) => database.write('disk', () => putEndpoint(ref, endpoint)),
    updateEndpoint: (ref, read, change) => database.write('disk', () => updateEndpoint(ref, read, change)),
    deleteEndpoint: (ref, endpointId) =>
      database.write('disk', () => {
        const { topicId, group } = ref;
        const sql = 'DELETE FROM endpoints WHERE topic_id = ? AND group_name = ? AND endpoint_id = ?';
        if (database.run(sql, topicId, group, endpointId) > 0) deleted.add(endpointId);
      }),
    barEndpoint: (ref, endpointId, isForsaken) =>
      database.write('disk', () => {
        if (rows.endpoint(ref, endpointId) !== undefined) return false;
        return deleted.bar(endpointId, isForsaken);
      }),
    ...sqliteGroupPlaces(database),
    barGroup: (ref, groupId, isForsaken) =>
      database.write('disk', () => rows.group(ref) === undefined && deleted.bar(groupId, isForsaken)),
  };
};
