import { isDeepStrictEqual } from 'node:util';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { writeFailure } from '../../aws/errors.ts';
import type { StateKey } from '../keys.ts';
import { isConditionFailure } from './errors.ts';
import { anyNames, type Item, type Table, toKey } from './table.ts';
import { isTombstone, itemAt, stands } from './tombstones.ts';

/** A change of an item that grows its attribute `version` by one. */
export interface VersionedChange {
  /** The version that was read; undefined where the item had none, which its first change gives it. */
  readonly read: number | undefined;
  /** What it is from then on. */
  readonly version: number;
  /** Whose item it must still be: the attribute that is its id. */
  readonly id: { readonly name: string; readonly value: string };
  /** Attributes by name; what is undefined stays as it is. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Names of attributes that are taken away. */
  readonly remove?: readonly string[];
}

const changesOf = ({ set }: VersionedChange): [string, unknown][] =>
  Object.entries(set).filter(([, value]) => value !== undefined);

const commandOf = (table: string, key: StateKey, wanted: VersionedChange): UpdateItemCommand => {
  const { read, version, id, remove = [] } = wanted;
  const set = changesOf(wanted);
  const isAsRead = read === undefined ? 'attribute_not_exists(#version)' : '#version = :read';
  const setting = ['#version = :version', ...set.map(([name]) => `#${name} = :${name}`)].join();
  const removing = remove.map((name) => `#${name}`).join();
  const names = ['version', ...set.map(([name]) => name), ...remove].map((name) => [`#${name}`, name]);
  return new UpdateItemCommand({
    TableName: table,
    Key: toKey(key),
    UpdateExpression: `SET ${setting}${removing === '' ? '' : ` REMOVE ${removing}`}`,
    ConditionExpression: `#id = :id AND ${isAsRead} AND ${stands}`,
    ExpressionAttributeNames: { ...Object.fromEntries(names), '#id': id.name },
    ExpressionAttributeValues: marshall(
      {
        ':id': id.value,
        ':version': version,
        ...(read !== undefined && { ':read': read }),
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      },
      anyNames,
    ),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
};

/**
 * Changes the item under `key` as long as its version is the one that was read: versions never come back, so a copy that
 * lands late does nothing. Gives the item as it is then, or undefined where it is another by now.
 */
export const changeVersion = async (
  state: Table,
  key: StateKey,
  wanted: VersionedChange,
): Promise<Item | undefined> => {
  // Before it is sent: a fault in making it is no answer that stayed out.
  const command = commandOf(state.table, key, wanted);
  try {
    return (await state.client.send(command)).Attributes;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    const standing = error.Item ?? (await itemAt(state, key));
    const found = standing === undefined || isTombstone(standing) ? {} : unmarshall(standing);
    // It may be this very change, whose first answer was lost; or one like it, which comes to the same.
    const isDone =
      found['version'] === wanted.version &&
      found[wanted.id.name] === wanted.id.value &&
      changesOf(wanted).every(([name, value]) => isDeepStrictEqual(found[name], value)) &&
      (wanted.remove ?? []).every((name) => found[name] === undefined);
    return isDone ? standing : undefined;
  }
};
