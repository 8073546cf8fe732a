import {
  DeleteItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { offsetText, type Segment } from '../../domain/archive/segments.ts';
import { OutcomeUnknownError } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { writeFailure } from '../aws/errors.ts';
import type { SegmentRange, SegmentStore } from '../segments.ts';
import { newestSegmentKey, type StateKey, segmentKey, segmentsKey } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import {
  fromItem,
  itemsUnder,
  reading,
  type Table,
  toItem,
  toKey,
  unlessRefused,
  until,
  writing,
} from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** The manifest on a DynamoDB table. A deleted segment leaves no tombstone: see the port. */
export const dynamoSegmentStore = (state: Table): SegmentStore => ({
  newest: async (at) => {
    const item = await itemAt(state, newestSegmentKey(at));
    return item && fromItem<Segment>(item);
  },
  seal: async (at, segment, former) => {
    const condition = former === undefined ? isNone : has(former.object);
    const newest = await putOrFind(state, newestSegmentKey(at), segment, condition);
    return newest?.object === segment.object;
  },
  add: (at, segment) => add(state, at, segment),
  floor: (at, offset, signal) => floor(state, at, offset, signal),
  list: (at, range) => list(state, at, range),
  replace: async (at, object, segment) => {
    const standing = await putOrFind(state, segmentKey(at, segment.start), segment, has(object));
    return standing?.object === segment.object;
  },
  delete: async (at, { start, object }) => {
    const { client, table } = state;
    const Key = toKey(segmentKey(at, start));
    await unlessRefused(client.send(new DeleteItemCommand({ TableName: table, Key, ...has(object) })));
  },
  forgetNewest: async (at) => {
    const { client, table } = state;
    await writing(client.send(new DeleteItemCommand({ TableName: table, Key: toKey(newestSegmentKey(at)) })));
  },
});

type Condition = Pick<
  PutItemCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

const isNone: Condition = { ConditionExpression: 'attribute_not_exists(pk)' };

const has = (object: string): Condition => ({
  ConditionExpression: '#object = :object',
  ExpressionAttributeNames: { '#object': 'object' },
  ExpressionAttributeValues: { ':object': { S: object } },
});

const add = async (state: Table, at: PartitionRef, segment: Segment): Promise<Segment> => {
  const standing = await putOrFind(state, segmentKey(at, segment.start), segment, isNone);
  if (standing === undefined)
    throw new OutcomeUnknownError('A segment was added and deleted at the same time.');
  return standing;
};

/** Puts the segment where `condition` holds. Gives the one that stands there then, if any. */
const putOrFind = async (
  state: Table,
  key: StateKey,
  segment: Segment,
  condition: Condition,
): Promise<Segment | undefined> => {
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(key, segment),
    ...condition,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(put);
    return segment;
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    const standing = error.Item ?? (await itemAt(state, key));
    return standing && fromItem<Segment>(standing);
  }
};

const floor = async (
  { client, table }: Table,
  at: PartitionRef,
  offset: number,
  signal?: AbortSignal,
): Promise<Segment | undefined> => {
  const query = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND sk <= :sk',
    ExpressionAttributeValues: { ':pk': { S: segmentsKey(at) }, ':sk': { S: offsetText(offset) } },
    ScanIndexForward: false,
    Limit: 1,
  });
  const { Items = [] } = await reading(client.send(query, until(signal)));
  return Items[0] && fromItem<Segment>(Items[0]);
};

const list = async (
  state: Table,
  at: PartitionRef,
  { from, limit }: SegmentRange,
): Promise<readonly Segment[]> => {
  const segments: Segment[] = [];
  const after = from > 0 ? { after: segmentKey(at, from - 1).sk } : {};
  for await (const item of itemsUnder(state, { pk: segmentsKey(at) }, { Limit: limit, ...after })) {
    segments.push(fromItem<Segment>(item));
    if (segments.length === limit) break;
  }
  return segments;
};
