import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  type Endpoint,
  type EndpointChange,
  type Group,
  type GroupChange,
  nextVersion,
  type Subscription,
} from '../../domain/groups/groups.ts';
import type { GroupRef, GroupStore } from '../groups.ts';
import { dynamoGroupPlaces } from './group-places.ts';
import { endpointKey, groupKey, groupNameIn, groupPrefix, topicItemsKey } from './keys.ts';
import {
  deleteItems,
  fromItem,
  type Item,
  itemsUnder,
  type Table,
  toItem,
  toKey,
  unlessRefused,
} from './table/table.ts';
import { bar, bury, isTombstone, putUnderName, standingItem, stands } from './table/tombstones.ts';
import { changeVersion } from './table/versions.ts';

/** Groups and their endpoints on a DynamoDB table. */
export const dynamoGroupStore = (state: Table): GroupStore => ({
  create: (group) => create(state, group),
  get: async (ref) => (await subscriptions(state, groupKey(ref).pk, groupKey(ref).sk))[0],
  list: (topicId) => subscriptions(state, topicItemsKey(topicId), groupPrefix),
  delete: (ref, groupId) => deleteGroup(state, ref, groupId),
  putEndpoint: (ref, endpoint) => putEndpoint(state, ref, endpoint),
  update: (read, change) => update(state, read, change),
  updateEndpoint: (ref, read, change) => updateEndpoint(state, ref, read, change),
  deleteEndpoint: async (ref, endpointId) => {
    await bury(state, endpointKey(ref, endpointId), ['endpointId'], { expression: stands }, {}, optional);
  },
  barEndpoint: (ref, endpointId, isForsaken) =>
    bar(state, endpointKey(ref, endpointId), { name: 'endpointId', value: endpointId }, isForsaken),
  ...dynamoGroupPlaces(state),
  barGroup: (ref, groupId, isForsaken) =>
    bar(state, groupKey(ref), { name: 'groupId', value: groupId }, isForsaken),
});

const create = async (state: Table, group: Group): Promise<{ created: boolean; group: Group }> => {
  const key = groupKey({ topicId: group.topicId, group: group.name });
  const standing = fromItem<Group>(await putUnderName(state, key, group, 'groupId'));
  return { created: standing.groupId === group.groupId, group: standing };
};

const isEndpoint = (item: Item): boolean => item['endpointId'] !== undefined;

const subscriptions = async (state: Table, pk: string, prefix: string): Promise<Subscription[]> => {
  const groups = new Map<string, Group>();
  const endpoints: Item[] = [];
  for await (const item of itemsUnder(state, { pk, prefix })) {
    if (isTombstone(item)) continue;
    if (isEndpoint(item)) endpoints.push(item);
    else groups.set(groupNameIn(item['sk']?.S ?? ''), fromItem<Group>(item));
  }
  // Keys do not sort as names do: `a.b/` comes before `a/`.
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => ({
      group,
      endpoints: endpoints
        .filter((item) => groupNameIn(item['sk']?.S ?? '') === name && item['groupId']?.S === group.groupId)
        .map((item) => fromItem<Endpoint>(item, ['groupId'])),
    }));
};

/**
 * The group's item goes first: what is left after a crash is endpoints of a group id that no group bears, which no
 * read shows, and which a repetition finds whoever has the name by then.
 */
const deleteGroup = async (state: Table, ref: GroupRef, groupId: string): Promise<void> => {
  const { pk, sk } = groupKey(ref);
  const isThis = { expression: `groupId = :groupId AND ${stands}`, values: { ':groupId': groupId } };
  await bury(state, { pk, sk }, ['groupId'], isThis, {}, Object.keys(changing));
  const left: Item[] = [];
  for await (const item of itemsUnder(state, { pk, prefix: sk }))
    if (isEndpoint(item) && item['groupId']?.S === groupId) left.push(toKey({ pk, sk: item['sk']?.S ?? '' }));
  await deleteItems(state, left);
};

/** What a group may have got since its deletion began: all that changes. */
const changing: Readonly<Record<keyof GroupChange | 'version', true>> = {
  version: true,
  delivery: true,
  reading: true,
  pausedSince: true,
  redrive: true,
  places: true,
};

const putEndpoint = async (
  state: Table,
  ref: GroupRef & { readonly groupId?: string },
  endpoint: Endpoint,
): Promise<boolean> => {
  const groupId = (await standingItem(state, groupKey(ref)))?.['groupId']?.S;
  if (groupId === undefined || groupId !== (ref.groupId ?? groupId)) return false;
  const key = endpointKey(ref, endpoint.endpointId);
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(key, { ...endpoint, groupId }),
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  if ((await unlessRefused(state.client.send(put))) !== undefined) return true;
  // It stands, as when the first answer was lost; or it was deleted or barred.
  return (await standingItem(state, key)) !== undefined;
};

/** What an endpoint may have got since its deletion began. */
const optional: readonly (keyof Endpoint)[] = [
  'headers',
  'authentication',
  'handshake',
  'maxConcurrentRequests',
  'requestsPerSecond',
  'maxRequestBytes',
  'description',
  'disabledReason',
  'disabledAt',
  'calledSince',
  'outage',
  'version',
];

const update = async <G extends Group>(
  state: Table,
  read: G,
  change: GroupChange,
): Promise<G | undefined> => {
  const key = groupKey({ topicId: read.topicId, group: read.name });
  const changed = await changeVersion(state, key, {
    read: read.version,
    version: nextVersion(read),
    id: { name: 'groupId', value: read.groupId },
    ...setAndRemove(change),
  });
  return changed && fromItem<G>(changed);
};

/** What a change sets, and what it takes away: null. */
const setAndRemove = (change: GroupChange | EndpointChange) => {
  const changes = Object.entries(change);
  return {
    set: Object.fromEntries(changes.filter(([, value]) => value !== null)),
    remove: changes.filter(([, value]) => value === null).map(([name]) => name),
  };
};

const updateEndpoint = async (
  state: Table,
  ref: GroupRef,
  read: Endpoint,
  change: EndpointChange,
): Promise<Endpoint | undefined> => {
  const changed = await changeVersion(state, endpointKey(ref, read.endpointId), {
    read: read.version,
    version: nextVersion(read),
    id: { name: 'endpointId', value: read.endpointId },
    ...setAndRemove(change),
  });
  return changed && fromItem<Endpoint>(changed, ['groupId']);
};
