import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ThrottledError } from '../../../domain/errors.ts';
import type { Clock } from '../../../surroundings/clock.ts';
import { readFailure, writeFailure } from '../../aws/errors.ts';
import type { LogKey, StateKey } from '../keys.ts';
import { isConditionFailure } from './errors.ts';

/** A table as an adapter is given it. */
export interface Table {
  readonly client: DynamoDBClient;
  /** Its name. */
  readonly table: string;
  readonly clock: Clock;
}

export type Item = Record<string, AttributeValue>;

/** Without it a map with a member `constructor`, such as a header's name, is taken for an instance of a class and refused. */
export const anyNames = { convertClassInstanceToMap: true } as const;

/** An item that is a domain value under a key; undefined members are left out. */
export const toItem = (key: LogKey | StateKey, value: object): Item =>
  marshall({ ...value, ...key }, { removeUndefinedValues: true, ...anyNames });

/** The domain value of an item that `toItem` made, without its key and the `extra` attributes. */
export const fromItem = <T>(item: Item, extra: readonly string[] = []): T => {
  const { pk: _pk, sk: _sk, ...value } = unmarshall(item);
  for (const name of extra) delete value[name];
  return value as T;
};

export const toKey = (key: LogKey | StateKey): Item => marshall({ ...key });

/** @throws ThrottledError, or a Problem `unavailable` when no answer came. */
export const reading = async <T>(request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw readFailure(error);
  }
};

/**
 * Waits for a write without a condition.
 * @throws ThrottledError, NotSentError or OutcomeUnknownError.
 */
export const writing = async <T>(request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw writeFailure(error);
  }
};

/** Waits for a conditional write, as `writing`; undefined when its condition failed. */
export const unlessRefused = async <T>(request: Promise<T>): Promise<T | undefined> => {
  try {
    return await request;
  } catch (error) {
    if (isConditionFailure(error)) return undefined;
    throw writeFailure(error);
  }
};

export interface Prefix {
  readonly pk: string;
  /** Of the sort key; absent: every item. */
  readonly prefix?: string;
}

/** For a client: it gives up when `signal` aborts. */
export const until = (signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } =>
  signal === undefined ? {} : { abortSignal: signal };

/** Every item under a partition key, in order of the sort key, strongly consistent; one page in memory at a time. */
export async function* itemsUnder(
  { client, table }: Pick<Table, 'client' | 'table'>,
  { pk, prefix }: Prefix,
  settings: Pick<QueryCommandInput, 'Limit' | 'ProjectionExpression'> & { readonly after?: string } = {},
): AsyncGenerator<Item> {
  const { after, ...input } = settings;
  let from: Item | undefined = after === undefined ? undefined : toKey({ pk, sk: after });
  do {
    const page = await reading(
      client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: prefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: {
            ':pk': { S: pk },
            ...(prefix === undefined ? {} : { ':prefix': { S: prefix } }),
          },
          ...input,
          ...(from ? { ExclusiveStartKey: from } : {}),
        }),
      ),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

/** What one BatchWriteItem takes. */
const batchSize = 25;
const rounds = 6;

/**
 * Deletes items, whether they are there or not.
 * @throws ThrottledError when the store keeps refusing some: others are deleted by then.
 */
export const deleteItems = async (table: Table, keys: readonly Item[]): Promise<void> => {
  for (let from = 0; from < keys.length; from += batchSize) {
    await deleteBatch(
      table,
      keys.slice(from, from + batchSize).map((Key) => ({ DeleteRequest: { Key } })),
    );
  }
};

const deleteBatch = async ({ client, table, clock }: Table, requests: WriteRequest[]): Promise<void> => {
  let left = requests;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await clock.sleep(25 * 2 ** round);
    const answer = await writing(client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } })));
    left = answer.UnprocessedItems?.[table] ?? [];
    if (left.length === 0) return;
  }
  throw new ThrottledError(`The store refused to delete ${left.length} items for want of capacity.`);
};

/** Deletes every item under a partition key that has the prefix. Throws as `deleteItems`. */
export const deleteItemsUnder = async (table: Table, under: Prefix): Promise<void> => {
  const keys: Item[] = [];
  for await (const key of itemsUnder(table, under, { ProjectionExpression: 'pk, sk' })) keys.push(key);
  await deleteItems(table, keys);
};
