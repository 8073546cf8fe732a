import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { limits } from '../../domain/limits.ts';
import { writeFailure } from '../aws/errors.ts';
import type { Intent, IntentChange, IntentRef, IntentStore } from '../intents.ts';
import { intentKey } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import { fromItem, type Item, type Table, toItem, toKey, until } from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** Intents on a DynamoDB table. Each change is one write unit. */
export const dynamoIntentStore = (state: Table): IntentStore => ({
  begin: (ref, intent, now, signal) => begin(state, ref, intent, now, signal),
  find: async (ref, signal) => {
    const item = await itemAt(state, intentKey(ref), signal);
    return item === undefined ? undefined : toIntent(item);
  },
  move: (ref, to, signal) => move(state, ref, to, signal),
  takeOver: (ref, from, signal) => takeOver(state, ref, from, signal),
});

/** DynamoDB's expiry takes an item some time after it, by whole seconds since 1970; a retry goes by `expiresAt`. */
const ttlOf = (expiresAt: number): number => Math.ceil((expiresAt + limits.lateWriteMs) / 1000);

const toIntent = (item: Item): Intent => fromItem<Intent>(item, ['ttl']);

/** The item as a refused condition left it: as the store says, or as it is found afterwards. */
const standing = async (
  state: Table,
  ref: IntentRef,
  shown: Item | undefined,
): Promise<Intent | undefined> => {
  const item = shown ?? (await itemAt(state, intentKey(ref)));
  return item === undefined ? undefined : toIntent(item);
};

const begin = async (
  state: Table,
  ref: IntentRef,
  intent: Intent,
  now: number,
  signal: AbortSignal | undefined,
): Promise<Intent> => {
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(intentKey(ref), { ...intent, ttl: ttlOf(intent.expiresAt) }),
    ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
    ExpressionAttributeValues: marshall({ ':now': now }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(put, until(signal));
    return intent;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // It was there a moment ago, and is gone only if it expired: the next attempt puts.
    return (await standing(state, ref, error.Item)) ?? begin(state, ref, intent, now, signal);
  }
};

const move = async (
  { client, table }: Table,
  ref: IntentRef,
  { attempt, slot, expiresAt }: IntentChange & { readonly slot: number },
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toKey(intentKey(ref)),
    UpdateExpression: 'SET slot = :slot, expiresAt = :expiresAt, #ttl = :ttl',
    ConditionExpression: 'attempt = :attempt AND slot <= :slot',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: marshall({
      ':slot': slot,
      ':expiresAt': expiresAt,
      ':ttl': ttlOf(expiresAt),
      ':attempt': attempt,
    }),
  });
  try {
    await client.send(update, until(signal));
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw writeFailure(error);
  }
};

const takeOver = async (
  state: Table,
  ref: IntentRef,
  { attempt, by, expiresAt }: IntentChange & { readonly by: string },
  signal: AbortSignal | undefined,
): Promise<Intent | undefined> => {
  const update = new UpdateItemCommand({
    TableName: state.table,
    Key: toKey(intentKey(ref)),
    UpdateExpression: 'SET attempt = :by, expiresAt = :expiresAt, #ttl = :ttl',
    ConditionExpression: 'attempt = :attempt',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: marshall({
      ':by': by,
      ':expiresAt': expiresAt,
      ':ttl': ttlOf(expiresAt),
      ':attempt': attempt,
    }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    const { Attributes = {} } = await state.client.send(update, until(signal));
    return toIntent(Attributes);
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // The SDK may have sent it twice, so that the second found the first.
    const found = await standing(state, ref, error.Item);
    return found?.attempt === by ? found : undefined;
  }
};
