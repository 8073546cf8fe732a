import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Endpoint, Group, Subscription } from '../../domain/groups.ts';
import type { GroupRef, GroupStore } from '../groups.ts';
import { endpointKey, groupKey, groupNameIn, groupPrefix, topicItemsKey } from './keys.ts';
import {
  deleteItems,
  fromItem,
  type Item,
  itemsUnder,
  putOrFind,
  reading,
  type Table,
  toItem,
  toKey,
  unlessRefused,
  writing,
} from './table.ts';

/** Groups and their endpoints on a DynamoDB table. */
export const dynamoGroupStore = (state: Table): GroupStore => ({
  create: (group) => create(state, group),
  get: async (ref) => (await subscriptions(state, groupKey(ref).pk, groupKey(ref).sk))[0],
  list: (topicId) => subscriptions(state, topicItemsKey(topicId), groupPrefix),
  setStatus: (ref, groupId, status) => setStatus(state, ref, groupId, status),
  delete: (ref, groupId) => deleteGroup(state, ref, groupId),
  putEndpoint: (ref, endpoint) => putEndpoint(state, ref, endpoint),
  disableEndpoint: (ref, endpointId, reason) => disableEndpoint(state, ref, endpointId, reason),
  deleteEndpoint: async (ref, endpointId) => {
    const Key = toKey(endpointKey(ref, endpointId));
    await writing(state.client.send(new DeleteItemCommand({ TableName: state.table, Key })));
  },
});

const create = async (state: Table, group: Group): Promise<{ created: boolean; group: Group }> => {
  const ref = { topicId: group.topicId, group: group.name };
  const standing = await putOrFind<Group>(
    state,
    new PutItemCommand({
      TableName: state.table,
      Item: toItem(groupKey(ref), group),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
    group,
    () => getGroup(state, ref),
  );
  return { created: standing.groupId === group.groupId, group: standing };
};

const getGroup = async ({ client, table }: Table, ref: GroupRef): Promise<Group | undefined> => {
  const { Item } = await reading(
    client.send(new GetItemCommand({ TableName: table, Key: toKey(groupKey(ref)), ConsistentRead: true })),
  );
  return Item && fromItem<Group>(Item);
};

const isEndpoint = (item: Item): boolean => item['endpointId'] !== undefined;

const subscriptions = async (state: Table, pk: string, prefix: string): Promise<Subscription[]> => {
  const groups = new Map<string, Group>();
  const endpoints: Item[] = [];
  for await (const item of itemsUnder(state, { pk, prefix })) {
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

const setStatus = async (
  { client, table }: Table,
  ref: GroupRef,
  groupId: string,
  status: Group['status'],
): Promise<boolean> => {
  const answer = await unlessRefused(
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toKey(groupKey(ref)),
        UpdateExpression: 'SET #status = :status',
        ConditionExpression: 'groupId = :groupId',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': { S: status }, ':groupId': { S: groupId } },
      }),
    ),
  );
  return answer !== undefined;
};

/**
 * The group's item goes first: what is left after a crash is endpoints of a group id that no group bears, which no
 * read shows, and which a repetition finds whoever has the name by then.
 */
const deleteGroup = async (state: Table, ref: GroupRef, groupId: string): Promise<void> => {
  const { client, table } = state;
  const { pk, sk } = groupKey(ref);
  await unlessRefused(
    client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: toKey({ pk, sk }),
        ConditionExpression: 'groupId = :groupId',
        ExpressionAttributeValues: { ':groupId': { S: groupId } },
      }),
    ),
  );
  const left: Item[] = [];
  for await (const item of itemsUnder(state, { pk, prefix: sk }))
    if (isEndpoint(item) && item['groupId']?.S === groupId) left.push(toKey({ pk, sk: item['sk']?.S ?? '' }));
  await deleteItems(state, left);
};

const putEndpoint = async (state: Table, ref: GroupRef, endpoint: Endpoint): Promise<boolean> => {
  const group = await getGroup(state, ref);
  if (!group) return false;
  const item = toItem(endpointKey(ref, endpoint.endpointId), { ...endpoint, groupId: group.groupId });
  await writing(state.client.send(new PutItemCommand({ TableName: state.table, Item: item })));
  return true;
};

const disableEndpoint = async (
  { client, table }: Table,
  ref: GroupRef,
  endpointId: string,
  reason: string,
): Promise<boolean> => {
  const answer = await unlessRefused(
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toKey(endpointKey(ref, endpointId)),
        UpdateExpression: 'SET #status = :disabled, disabledReason = if_not_exists(disabledReason, :reason)',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':disabled': { S: 'disabled' }, ':reason': { S: reason } },
      }),
    ),
  );
  return answer !== undefined;
};
