import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Pace } from '../../domain/delivery/pace.ts';
import { writeFailure } from '../aws/errors.ts';
import { fromKept, type KeptPace, toKept } from '../kept-paces.ts';
import { isSamePace, type PaceRef, type PaceReplaced, type PaceStore } from '../paces.ts';
import { paceKey, pacesKey } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import { deleteItemsUnder, fromItem, type Item, type Table, toItem } from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** Paces on a DynamoDB table: each write is one conditional put. */
export const dynamoPaceStore = (state: Table): PaceStore => ({
  get: (ref) => get(state, ref),
  replace: (ref, read, next) => replace(state, ref, read, next),
  deleteAll: (groupId) => deleteItemsUnder(state, { pk: pacesKey(groupId) }),
});

/**
 * DynamoDB takes the item away some time after this: an endpoint that is deleted leaves none. No copy of a write is under way for as
 * long, so that versions may begin anew.
 */
const keptSeconds = 24 * 60 * 60;

const toPace = (item: Item): Pace => fromKept(fromItem<KeptPace>(item, ['ttl']));

const get = async (state: Table, ref: PaceRef): Promise<Pace | undefined> => {
  const item = await itemAt(state, paceKey(ref));
  return item && toPace(item);
};

const replace = async (
  state: Table,
  ref: PaceRef,
  read: Pace | undefined,
  next: Pace,
): Promise<PaceReplaced> => {
  const ttl = Math.ceil(state.clock.now() / 1000) + keptSeconds;
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(paceKey(ref), { ...toKept(next), ttl }),
    ...(read === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'version = :version AND writeId = :writeId',
          ExpressionAttributeValues: marshall({ ':version': read.version, ':writeId': read.writeId }),
        }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(put);
    return { done: true };
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    const standing = error.Item ? toPace(error.Item) : await get(state, ref);
    return isSamePace(standing, next) ? { done: true } : { done: false, standing };
  }
};
