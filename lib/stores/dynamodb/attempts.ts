import { type AttributeValue, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttemptOutcome, AttemptPlace, LoggedAttempt } from '../../domain/delivery/attempts.ts';
import { limits } from '../../domain/limits.ts';
import { type OutcomePage, pageOf } from '../attempt-pages.ts';
import type { AttemptQuery, AttemptStore } from '../attempts.ts';
import { attemptKey, attemptPlaceIn, attemptsAt, attemptsKey } from './keys.ts';
import { fromItem, type Item, reading, type Table, toItem, writing } from './table/table.ts';

/** The attempt log on a DynamoDB table: one put for each attempt, and one query for each outcome. */
export const dynamoAttemptStore = (state: Table): AttemptStore => ({
  put: async (groupId, attempt) => {
    const Item = toItem(attemptKey(groupId, attempt), { ...attempt, ttl: ttlOf(attempt) });
    await writing(state.client.send(new PutItemCommand({ TableName: state.table, Item })));
  },
  list: (groupId, query) => pageOf(query, (outcome) => ofOutcome(state, groupId, outcome, query)),
});

const ttlOf = ({ at }: LoggedAttempt): number => Math.ceil((at + limits.attemptKeptMs) / 1000);

const toAttempt = (item: Item): LoggedAttempt => fromItem<LoggedAttempt>(item, ['ttl']);

/**
 * The bounds of the sort key, both inclusive, and the place among them that is not asked for. An `ExclusiveStartKey` would have to
 * lie within them.
 */
const bounds = ({ from, to, before }: AttemptQuery) => {
  const low = attemptsAt(Math.max(0, from));
  // No attempt has an empty id: this is below all that were begun at `to`.
  const ends = [
    ...(to === undefined ? [] : [attemptsAt(Math.max(0, to))]),
    ...(before === undefined ? [] : [attemptsAt(before.at) + before.attemptId]),
  ];
  return { low, high: ends.toSorted().at(0) ?? attemptsAt(Number.MAX_SAFE_INTEGER) };
};

const isPlace = ({ at, attemptId }: AttemptPlace, place: AttemptPlace | undefined): boolean =>
  at === place?.at && attemptId === place.attemptId;

/** One page of the table's, eventually consistent: half a read unit for 4 KiB of what is looked at. */
const ofOutcome = async (
  { client, table }: Table,
  groupId: string,
  outcome: AttemptOutcome,
  query: AttemptQuery,
): Promise<OutcomePage> => {
  const { endpointId, before, limit } = query;
  const { low, high } = bounds(query);
  if (high < low) return { attempts: [] };
  const values: Record<string, AttributeValue> = {
    ':pk': { S: attemptsKey(groupId, outcome) },
    ':low': { S: low },
    ':high': { S: high },
    ...(endpointId !== undefined && { ':endpoint': { S: endpointId } }),
  };
  const page = await reading(
    client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
        ...(endpointId !== undefined && { FilterExpression: 'endpointId = :endpoint' }),
        ExpressionAttributeValues: values,
        ScanIndexForward: false,
        // One more, for the place that is left out.
        Limit: 1 + (endpointId === undefined ? limit : limits.attemptsLookedAt),
      }),
    ),
  );
  const last = page.LastEvaluatedKey?.['sk']?.S;
  return {
    attempts: (page.Items ?? []).map(toAttempt).filter((attempt) => !isPlace(attempt, before)),
    ...(last !== undefined && { through: attemptPlaceIn(last) }),
  };
};
