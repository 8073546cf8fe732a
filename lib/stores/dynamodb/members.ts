import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Member } from '../../domain/groups/members.ts';
import { writeFailure } from '../aws/errors.ts';
import type { MemberStore } from '../members.ts';
import { groupItemsKey, memberKey, memberPrefix } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import {
  deleteItemsUnder,
  fromItem,
  type Item,
  itemsUnder,
  type Table,
  toItem,
  toKey,
} from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** Members on a DynamoDB table: each write is one conditional write. */
export const dynamoMemberStore = (state: Table): MemberStore => ({
  list: async (groupId) => {
    const members: Member[] = [];
    for await (const item of itemsUnder(state, { pk: groupItemsKey(groupId), prefix: memberPrefix }))
      members.push(toMember(item));
    return members;
  },
  join: (groupId, member, replaced) => join(state, groupId, member, replaced),
  renew: (groupId, member) => renew(state, groupId, member),
  remove: (groupId, read) => remove(state, groupId, read),
  deleteAll: (groupId) => deleteItemsUnder(state, { pk: groupItemsKey(groupId), prefix: memberPrefix }),
});

/** DynamoDB takes the item away some time after this: a group that nobody polls any more keeps no members for ever. */
const keptSeconds = 24 * 60 * 60;
const ttlOf = ({ expiresAt }: Member): number => Math.ceil(expiresAt / 1000) + keptSeconds;

const toMember = (item: Item): Member => fromItem<Member>(item, ['ttl']);

/** The item that a condition failed on; a store that does not say it is asked. */
const standingAfter = async (
  state: Table,
  groupId: string,
  consumerId: string,
  item: Item | undefined,
): Promise<Member | undefined> => {
  const standing = item ?? (await itemAt(state, memberKey({ groupId, consumerId })));
  return standing && toMember(standing);
};

const isAsRead = 'memberEpoch = :readEpoch AND expiresAt = :readExpiry';
const asRead = (read: Member) => ({ ':readEpoch': read.memberEpoch, ':readExpiry': read.expiresAt });

const join = async (
  state: Table,
  groupId: string,
  member: Member,
  replaced: Member | undefined,
): Promise<Member | undefined> => {
  const { consumerId } = member;
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(memberKey({ groupId, consumerId }), { ...member, ttl: ttlOf(member) }),
    ConditionExpression: `attribute_not_exists(pk)${replaced === undefined ? '' : ` OR (${isAsRead})`}`,
    ...(replaced !== undefined && { ExpressionAttributeValues: marshall(asRead(replaced)) }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(put);
    return member;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // Not sent once more where nothing stands by now: it may have been stored, and its session ended by others since.
    return standingAfter(state, groupId, consumerId, error.Item);
  }
};

const renew = async (state: Table, groupId: string, member: Member): Promise<Member | undefined> => {
  const { consumerId, memberEpoch, expiresAt, polledAt } = member;
  const update = new UpdateItemCommand({
    TableName: state.table,
    Key: toKey(memberKey({ groupId, consumerId })),
    UpdateExpression: 'SET expiresAt = :expiresAt, polledAt = :polledAt, #ttl = :ttl',
    ConditionExpression: 'memberEpoch = :epoch AND expiresAt > :polledAt AND expiresAt < :expiresAt',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: marshall({
      ':epoch': memberEpoch,
      ':expiresAt': expiresAt,
      ':polledAt': polledAt,
      ':ttl': ttlOf(member),
    }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    const { Attributes } = await state.client.send(update);
    return Attributes && toMember(Attributes);
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    return standingAfter(state, groupId, consumerId, error.Item);
  }
};

const remove = async (state: Table, groupId: string, read: Member): Promise<boolean> => {
  const { consumerId, memberEpoch } = read;
  const deletion = new DeleteItemCommand({
    TableName: state.table,
    Key: toKey(memberKey({ groupId, consumerId })),
    ConditionExpression: isAsRead,
    ExpressionAttributeValues: marshall(asRead(read)),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(deletion);
    return true;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    const standing = await standingAfter(state, groupId, consumerId, error.Item);
    return standing?.memberEpoch !== memberEpoch;
  }
};
