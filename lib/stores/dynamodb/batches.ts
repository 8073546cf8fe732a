import {
  type AttributeValue,
  BatchGetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { NotSentError, OutcomeUnknownError, RefusedError, ThrottledError } from '../../domain/errors.ts';
import type { Batch } from '../../domain/records/batches.ts';
import { originText, parseOrigin } from '../../domain/records/origin.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import { instantOf } from '../../surroundings/clock.ts';
import { writeFailure } from '../aws/errors.ts';
import {
  type BatchPage,
  type BatchPlace,
  type BatchStore,
  type EndQuery,
  isWithin,
  type PutAttempt,
  type PutOutcome,
} from '../batches.ts';
import { batchKey } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import { deleteItems, type Item, reading, type Table, toKey, until } from './table/table.ts';

/** The log on a DynamoDB table. `client` must send each request once (`createLogClient`). */
export const dynamoBatchStore = (log: Table): BatchStore => ({
  putIfAbsent: (at, batch, attempt) => putIfAbsent(log, at, batch, attempt),
  last: async (at, signal) =>
    (await query(log, at, { ScanIndexForward: false, Limit: 1, ConsistentRead: true }, signal)).batches[0],
  end: (at, query, signal) => end(log, at, query, signal),
  range: (at, { from, limit, consistent }, signal) =>
    query(log, at, { ...sortKey('>=', from), Limit: limit, ConsistentRead: consistent }, signal),
  floor: async (at, offset, consistent, signal) => {
    const newestFirst = { ScanIndexForward: false, Limit: 1, ConsistentRead: consistent };
    return (await query(log, at, { ...sortKey('<=', offset), ...newestFirst }, signal)).batches[0];
  },
  present: (places, signal) => present(log, places, signal),
  delete: (at, bases) =>
    deleteItems(
      log,
      bases.map((base) => toKey(batchKey(at, base))),
    ),
});

const putIfAbsent = async (
  { client, table, clock }: Table,
  at: PartitionRef,
  batch: Batch,
  attempt: PutAttempt,
): Promise<PutOutcome> => {
  const put = new PutItemCommand({
    TableName: table,
    Item: batchItem(at, batch),
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  let sent = false;
  // The last step before the request leaves, after the signer: both the signature and this moment are in the window.
  put.middlewareStack.add(
    (next) => (args) => {
      const now = instantOf(clock);
      if (!isWithin(attempt, now) || !mayBeDated(attempt, signingDate(args.request)))
        throw new NotSentError('The tail that this put relies on is too old, or is dated in the future.');
      sent = true;
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'refuseOutsideWindow' },
  );
  const { signal } = attempt;
  try {
    await client.send(put, until(signal));
    return { kind: 'stored' };
  } catch (error) {
    if (isConditionFailure(error))
      return { kind: 'taken', ...(error.Item ? { winner: toBatch(error.Item) } : {}) };
    if (sent || error instanceof NotSentError) throw putFailure(error);
    throw new NotSentError('A put failed before it was sent.', { cause: error });
  }
};

/** The second that a signed request is dated by, wall clock ms: what the store holds against its own clock. */
const signingDate = (request: unknown): number | undefined => {
  const { headers } = request as { readonly headers?: Readonly<Record<string, string | undefined>> };
  const [, date, hours, minutes, seconds] =
    /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(headers?.['x-amz-date'] ?? '') ?? [];
  if (date === undefined) return undefined;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
};

/** Whether the signature is of the window. One whose date is not known is not. */
const mayBeDated = ({ notBefore, notAfter }: PutAttempt, date: number | undefined): boolean =>
  date !== undefined && date + 999 >= notBefore && date <= notAfter;

/** A put is one request: an answer of the store's own that is not a throttle says for certain that it changed nothing. */
const putFailure = (error: unknown): Error => {
  const failure = writeFailure(error);
  const isKnown = [ThrottledError, NotSentError, OutcomeUnknownError].some((kind) => failure instanceof kind);
  return isKnown ? failure : new RefusedError(`The store refuses a put: ${failure.name}.`, { cause: error });
};

type BatchQuery = Pick<
  QueryCommandInput,
  'ScanIndexForward' | 'Limit' | 'ConsistentRead' | 'ProjectionExpression'
> & {
  readonly sortCondition?: string;
  readonly sortValue?: AttributeValue;
};

const sortKey = (comparison: '<=' | '>=', offset: number): BatchQuery => ({
  sortCondition: ` AND sk ${comparison} :sk`,
  sortValue: { N: String(offset) },
});

const query = async (
  log: Table,
  at: PartitionRef,
  batches: BatchQuery,
  signal?: AbortSignal,
): Promise<BatchPage> => {
  const { Items = [], LastEvaluatedKey } = await send(log, at, batches, signal);
  return { batches: Items.map(toBatch), more: LastEvaluatedKey !== undefined };
};

/**
 * Leaving the records out saves their way here and nothing else: a read unit is counted by the size of the whole item,
 * before a projection
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
 */
const end = async (
  log: Table,
  at: PartitionRef,
  { from, consistent }: EndQuery,
  signal?: AbortSignal,
): Promise<number> => {
  const last = { ScanIndexForward: false, Limit: 1, ConsistentRead: consistent };
  const page = await send(
    log,
    at,
    { ...sortKey('>=', from), ...last, ProjectionExpression: 'sk, n' },
    signal,
  );
  const [item] = page.Items ?? [];
  return item === undefined ? from : number(item, 'sk') + number(item, 'n');
};

/**
 * A request may leave keys unprocessed: for want of capacity, by a fault of its own, or since what it found is more than
 * 16 MB, or than 1 MB of one partition of the table. Where it processes none for want of capacity, it is refused as
 * a throttle. A place without a batch is paid for as the smallest item is
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html). What names no key, or one twice, is
 * refused: "Provided list of item keys contains duplicates" (github.com/boto/boto3/issues/4131: the documentation is silent).
 */
const present = async (
  { client, table }: Table,
  places: readonly BatchPlace[],
  signal?: AbortSignal,
): Promise<readonly (boolean | undefined)[]> => {
  if (places.length === 0) return [];
  const keys = new Map(places.map(({ at, base }) => [placeName(at, base), toKey(batchKey(at, base))]));
  const request = {
    [table]: { Keys: [...keys.values()], ConsistentRead: false, ProjectionExpression: 'pk, sk' },
  };
  const { Responses, UnprocessedKeys } = await reading(
    client.send(new BatchGetItemCommand({ RequestItems: request }), until(signal)),
  );
  const found = new Set((Responses?.[table] ?? []).map(nameOfKey));
  const left = new Set((UnprocessedKeys?.[table]?.Keys ?? []).map(nameOfKey));
  return places.map(({ at, base }) => {
    const name = placeName(at, base);
    return left.has(name) ? undefined : found.has(name);
  });
};

const placeName = (at: PartitionRef, base: number): string => `${partitionKey(at)} ${base}`;
const nameOfKey = (item: Item): string => `${item['pk']?.S} ${item['sk']?.N}`;

const send = (
  { client, table }: Table,
  at: PartitionRef,
  { sortCondition = '', sortValue, ...input }: BatchQuery,
  signal?: AbortSignal,
) =>
  reading(
    client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: `pk = :pk${sortCondition}`,
        ExpressionAttributeValues: {
          ':pk': { S: partitionKey(at) },
          ...(sortValue ? { ':sk': sortValue } : {}),
        },
        ...input,
      }),
      until(signal),
    ),
  );

const batchItem = (at: PartitionRef, batch: Batch): Item => ({
  ...toKey(batchKey(at, batch.base)),
  n: { N: String(batch.count) },
  d: { B: batch.data },
  id: { B: batch.writeId },
  t: { N: String(batch.appendedAt) },
  cum: { N: String(batch.bytesBefore) },
  ...(batch.maxTimestamp === undefined ? {} : { mt: { N: String(batch.maxTimestamp) } }),
  ...(batch.idempotencyKeys?.length ? { keys: { SS: [...batch.idempotencyKeys] } } : {}),
  ...(batch.producers ? { pr: { B: batch.producers } } : {}),
  ...(batch.origin ? { o: { S: originText(batch.origin) } } : {}),
});

const toBatch = (item: Item): Batch => {
  const origin = parseOrigin(item['o']?.S ?? '');
  return {
    base: number(item, 'sk'),
    count: number(item, 'n'),
    data: bytes(item, 'd'),
    writeId: bytes(item, 'id'),
    appendedAt: number(item, 't'),
    bytesBefore: number(item, 'cum'),
    ...(item['mt'] ? { maxTimestamp: number(item, 'mt') } : {}),
    ...(item['keys']?.SS ? { idempotencyKeys: item['keys'].SS } : {}),
    ...(item['pr']?.B ? { producers: item['pr'].B } : {}),
    ...(origin ? { origin } : {}),
  };
};

const number = (item: Item, name: string): number => {
  const value = Number(item[name]?.N);
  if (!Number.isSafeInteger(value)) throw new TypeError(`A batch's attribute ${name} is not an integer.`);
  return value;
};

const bytes = (item: Item, name: string): Uint8Array => {
  const value = item[name]?.B;
  if (!value) throw new TypeError(`A batch's attribute ${name} is not binary.`);
  return value;
};
