import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Problem } from '../../domain/errors.ts';
import type { ApiKey } from '../../domain/keys.ts';
import type { KeyStore } from '../keys.ts';
import { apiKeyKey, apiKeysKey } from './keys.ts';
import { fromItem, type Item, itemsUnder, type Table, toItem, unlessRefused } from './table/table.ts';
import {
  bury,
  type Condition,
  conditionInput,
  isTombstone,
  itemAt,
  standingItem,
} from './table/tombstones.ts';

/** API keys on a DynamoDB table. */
export const dynamoKeyStore = (state: Table): KeyStore => ({
  put: async (key) => {
    await put(state, key, undefined);
  },
  establish: (key) => establish(state, key),
  get: async (keyId) => {
    const item = await standingItem(state, apiKeyKey(keyId));
    return item && toKey(item);
  },
  list: async () => {
    const keys: ApiKey[] = [];
    for await (const item of itemsUnder(state, { pk: apiKeysKey }))
      if (!isTombstone(item)) keys.push(toKey(item));
    return keys;
  },
  change: (keyId, apply) => change(state, keyId, apply),
  delete: (keyId) => remove(state, keyId),
});

const toKey = (item: Item): ApiKey => fromItem<ApiKey>(item, ['version']);

const versionOf = (item: Item | undefined): number => Number(item?.['version']?.N ?? 0);

/** That what is under the key is what was read: its version grows with every write, that of a tombstone too. */
const unchanged = (read: Item | undefined): Condition => {
  if (read === undefined) return { expression: 'attribute_not_exists(pk)' };
  const names = { '#version': 'version' };
  return versionOf(read) === 0
    ? { expression: 'attribute_exists(pk) AND attribute_not_exists(#version)', names }
    : { expression: '#version = :version', names, values: { ':version': versionOf(read) } };
};

/** False when the key is not as it was read. */
const put = async ({ client, table }: Table, key: ApiKey, read: Item | undefined): Promise<boolean> => {
  const Item = toItem(apiKeyKey(key.keyId), { ...key, version: versionOf(read) + 1 });
  const command = new PutItemCommand({ TableName: table, Item, ...conditionInput(unchanged(read)) });
  return (await unlessRefused(client.send(command))) !== undefined;
};

const establish = async (state: Table, key: ApiKey): Promise<void> => {
  for (let attempt = 0; attempt < writesAtMost; attempt += 1)
    if (await put(state, key, await itemAt(state, apiKeyKey(key.keyId)))) return;
  throw busy();
};

const change = async (
  state: Table,
  keyId: string,
  apply: (key: ApiKey) => ApiKey,
): Promise<ApiKey | undefined> => {
  for (let attempt = 0; attempt < writesAtMost; attempt += 1) {
    const read = await standingItem(state, apiKeyKey(keyId));
    if (read === undefined) return undefined;
    const changed = apply(toKey(read));
    if (await put(state, changed, read)) return changed;
  }
  throw busy();
};

const remove = async (state: Table, keyId: string): Promise<boolean> => {
  for (let attempt = 0; attempt < writesAtMost; attempt += 1) {
    const read = await standingItem(state, apiKeyKey(keyId));
    // Also when an attempt without an answer deleted it before.
    if (read === undefined) return attempt > 0;
    const version = versionOf(read) + 1;
    if (await bury(state, apiKeyKey(keyId), ['keyId'], unchanged(read), { version })) return true;
  }
  throw busy();
};

const writesAtMost = 5;
const busy = (): Problem => new Problem('conflict', 'The key is being changed by others: try again.');
