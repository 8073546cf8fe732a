import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Problem } from '../../../domain/errors.ts';
import { limits } from '../../../domain/limits.ts';
import { writeFailure } from '../../aws/errors.ts';
import type { StateKey } from '../keys.ts';
import { isConditionFailure } from './errors.ts';
import { type Item, reading, type Table, toItem, toKey, unlessRefused, until } from './table.ts';

/*
 * What a deletion leaves in the state table, in place of the item: a tombstone. It keeps a late copy of the put that made
 * the item from making it again, for `limits.lateWriteMs`, which no copy survives. Then DynamoDB's expiry takes it.
 * It holds ids and nothing else of the item, secrets least of all, and every read passes over it.
 */

export const isTombstone = (item: Item): boolean => item['deletedAt'] !== undefined;

/** True of an item, false of a tombstone and of nothing: a part of conditions. */
export const stands = 'attribute_exists(pk) AND attribute_not_exists(deletedAt)';

/** The item under `key`, read strongly; undefined when there is none, or a tombstone. */
export const standingItem = async (state: Table, key: StateKey): Promise<Item | undefined> => {
  const item = await itemAt(state, key);
  return item === undefined || isTombstone(item) ? undefined : item;
};

/** What is under `key`, tombstones too, read strongly. */
export const itemAt = async (
  { client, table }: Table,
  key: StateKey,
  signal?: AbortSignal,
): Promise<Item | undefined> => {
  const get = new GetItemCommand({ TableName: table, Key: toKey(key), ConsistentRead: true });
  return (await reading(client.send(get, until(signal)))).Item;
};

/** A condition, with what it names and compares. */
export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, string | number>>;
}

/** `Condition` as a command has it. */
export const conditionInput = ({ expression, names, values }: Condition) => ({
  ConditionExpression: expression,
  ...(names && { ExpressionAttributeNames: { ...names } }),
  ...(values && { ExpressionAttributeValues: marshall(values) }),
});

/**
 * Makes a tombstone of the item under `key`, where `condition` holds: takes everything from it that it has by now but
 * what it is known by, `kept`. It is an update, since who may put could make an item of any content. False where the
 * condition does not hold.
 * @param removed what the item may have got since it was read: it is taken from it as well.
 */
export const bury = async (
  state: Table,
  key: StateKey,
  kept: readonly string[],
  condition: Condition,
  set: Readonly<Record<string, number>> = {},
  removed: readonly string[] = [],
): Promise<boolean> => {
  const item = await itemAt(state, key);
  if (item === undefined || isTombstone(item)) return false;
  const now = state.clock.now();
  const members = { ...set, deletedAt: now, ttl: Math.ceil((now + limits.lateWriteMs) / 1000) };
  const content = [...new Set([...Object.keys(item), ...removed])].filter(
    (name) => !['pk', 'sk', ...kept, ...Object.keys(members)].includes(name),
  );
  const names = [...Object.keys(members), ...content];
  const changes = Object.keys(members).map((name) => `#${name} = :new_${name}`);
  const { client, table } = state;
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toKey(key),
    UpdateExpression: `SET ${changes.join()}${content.length === 0 ? '' : ` REMOVE ${content.map((name) => `#${name}`).join()}`}`,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ...condition.names,
    },
    ExpressionAttributeValues: marshall({
      ...Object.fromEntries(Object.entries(members).map(([name, value]) => [`:new_${name}`, value])),
      ...condition.values,
    }),
  });
  return (await unlessRefused(client.send(update))) !== undefined;
};

/**
 * Puts `value` under a name that nothing stands under, and gives the item that stands there then. What lets go of a name
 * is a tombstone, of which the id that had it is the only mark; it is unique, so that this mark never comes back. The
 * put is bound to just what was read, and there is one put only: no copy of it can land once what it made was deleted.
 * @param id the member of `value` that is its id.
 * @throws Problem `conflict` when what stood in the way, or was stored, was deleted meanwhile.
 */
export const putUnderName = async <Value extends object>(
  state: Table,
  key: StateKey,
  value: Value,
  id: keyof Value & string,
): Promise<Item> => {
  const found = await itemAt(state, key);
  if (found !== undefined && !isTombstone(found)) return found;
  const former = found?.[id]?.S;
  const Item = toItem(key, value);
  if (former !== Item[id]?.S) {
    const put = new PutItemCommand({
      TableName: state.table,
      Item,
      ...conditionInput(inPlaceOf(id, former)),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const standing = await putOrFind(state, put, Item, key);
    if (standing !== undefined && !isTombstone(standing)) return standing;
  }
  throw new Problem('conflict', 'It is being created and deleted at the same time: try again.');
};

/**
 * Whether nothing of this id can come to stand under `key` any more: its tombstone is there, or is put there now. It is
 * where nothing stands, or the tombstone of another, and it `isForsaken`: whoever would still put it finds the tombstone.
 * @param id the attribute that is the id.
 */
export const bar = async (
  state: Table,
  key: StateKey,
  id: { readonly name: string; readonly value: string },
  isForsaken: boolean,
): Promise<boolean> => {
  const found = await itemAt(state, key);
  if (found !== undefined && !isTombstone(found)) return false;
  const former = found?.[id.name]?.S;
  if (former === id.value) return true;
  if (!isForsaken) return false;
  const now = state.clock.now();
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(key, {
      [id.name]: id.value,
      deletedAt: now,
      ttl: Math.ceil((now + limits.lateWriteMs) / 1000),
    }),
    ...conditionInput(inPlaceOf(id.name, former)),
  });
  return (await unlessRefused(state.client.send(put))) !== undefined;
};

/** Nothing is there, or the tombstone that was read: `former` is the id in it. */
const inPlaceOf = (id: string, former: string | undefined): Condition =>
  former === undefined
    ? { expression: 'attribute_not_exists(pk)' }
    : {
        expression: '#id = :former AND attribute_exists(deletedAt)',
        names: { '#id': id },
        values: { ':former': former },
      };

/** Sends `put`; gives the item it stored, or the one that its condition failed on. */
const putOrFind = async (
  state: Table,
  put: PutItemCommand,
  stored: Item,
  key: StateKey,
): Promise<Item | undefined> => {
  try {
    await state.client.send(put);
    return stored;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    return error.Item ?? itemAt(state, key);
  }
};
