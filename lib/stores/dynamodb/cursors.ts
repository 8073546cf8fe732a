import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Outage } from '../../domain/delivery/retry.ts';
import type { Cursor, CursorPlace, CursorRef } from '../../domain/groups/cursors.ts';
import { writeFailure } from '../aws/errors.ts';
import type {
  Acquired,
  Acquisition,
  Commit,
  CursorStore,
  Release,
  Replaced,
  VersionedCursor,
} from '../cursors.ts';
import { fromKept, type KeptCursor, toKept } from '../kept-cursors.ts';
import { cursorKey, cursorPrefix, groupItemsKey, partitionIn, redrivePrefix } from './keys.ts';
import { isConditionFailure } from './table/errors.ts';
import {
  deleteItemsUnder,
  fromItem,
  type Item,
  itemsUnder,
  reading,
  type Table,
  toItem,
  toKey,
} from './table/table.ts';

/** Cursors on a DynamoDB table: each write is one conditional update. */
export const dynamoCursorStore = (state: Table): CursorStore => ({
  get: (ref) => get(state, ref),
  list: async (groupId, lane) => {
    const cursors = new Map<number, Cursor>();
    for await (const item of itemsUnder(state, { pk: groupItemsKey(groupId), prefix: cursorPrefix(lane) }))
      cursors.set(partitionIn(item['sk']?.S ?? ''), toCursor(item));
    return cursors;
  },
  places: async (groupId) => {
    const places = new Map<number, CursorPlace>();
    const under = { pk: groupItemsKey(groupId), prefix: cursorPrefix(undefined) };
    const settings = { ProjectionExpression: 'sk, committed, lost, filtered, deadLettered' };
    for await (const item of itemsUnder(state, under, settings))
      places.set(partitionIn(item['sk']?.S ?? ''), fromItem<CursorPlace>(item));
    return places;
  },
  acquire: (ref, acquisition) => acquire(state, ref, acquisition),
  commit: (ref, commit) => commitOffset(state, ref, commit),
  release: (ref, release) => releaseLease(state, ref, release),
  replace: (ref, read, next) => replace(state, ref, read, next),
  deleteAll: async (groupId) => {
    const pk = groupItemsKey(groupId);
    await deleteItemsUnder(state, { pk, prefix: cursorPrefix(undefined) });
    await deleteItemsUnder(state, { pk, prefix: redrivePrefix });
  },
});

const toCursor = (item: Item): Cursor => fromKept(fromItem<KeptCursor>(item));

const get = async ({ client, table }: Table, ref: CursorRef): Promise<Cursor | undefined> => {
  const { Item } = await reading(
    client.send(new GetItemCommand({ TableName: table, Key: toKey(cursorKey(ref)), ConsistentRead: true })),
  );
  return Item && toCursor(Item);
};

interface ConditionalUpdate {
  readonly condition: string;
  readonly set: string;
  readonly remove: readonly string[];
  readonly values: Readonly<Record<string, string | number | undefined>>;
}

/** What came of an update; `standing` is the cursor after it, or the one that the condition failed on. */
interface Updated {
  readonly applied: boolean;
  readonly standing: Cursor | undefined;
}

const update = async (
  state: Table,
  ref: CursorRef,
  { condition, set, remove, values }: ConditionalUpdate,
): Promise<Updated> => {
  const change = `SET ${set}${remove.length === 0 ? '' : ` REMOVE ${remove.join(', ')}`}`;
  try {
    const { Attributes } = await state.client.send(
      new UpdateItemCommand({
        TableName: state.table,
        Key: toKey(cursorKey(ref)),
        ConditionExpression: condition,
        UpdateExpression: change,
        // `owner` is a reserved word; a name that no expression uses is refused.
        ...(change.includes('#owner') ? { ExpressionAttributeNames: { '#owner': 'owner' } } : {}),
        ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return { applied: true, standing: Attributes && toCursor(Attributes) };
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    return { applied: false, standing: error.Item ? toCursor(error.Item) : await get(state, ref) };
  }
};

/** The condition that a cursor is as it was read. */
const isAsRead = ({ pendingEnd, version }: Cursor): string =>
  'epoch = :read AND committed = :committed AND leaseUntil = :readLease AND retryAt = :readRetry' +
  ` AND ${pendingEnd === undefined ? 'attribute_not_exists(pendingEnd)' : 'pendingEnd = :readPending'}` +
  ` AND ${version === undefined ? 'attribute_not_exists(version)' : 'version = :readVersion'}`;

const asRead = (read: Cursor) => ({
  ':read': read.epoch,
  ':committed': read.committed,
  ':readLease': read.leaseUntil,
  ':readRetry': read.retryAt,
  ':readPending': read.pendingEnd,
  ':readVersion': read.version,
});

const replace = async (
  state: Table,
  ref: CursorRef,
  read: Cursor | undefined,
  next: VersionedCursor,
): Promise<Replaced> => {
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(cursorKey(ref), toKept(next)),
    ...(read === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: isAsRead(read),
          ExpressionAttributeValues: marshall(asRead(read), { removeUndefinedValues: true }),
        }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await state.client.send(put);
    return { done: true };
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    // A store that does not say which item the condition failed on is asked.
    const standing = error.Item ? toCursor(error.Item) : await get(state, ref);
    const isMine = standing?.version === next.version && standing.writeId === next.writeId;
    return isMine ? { done: true } : { done: false, standing };
  }
};

const acquire = async (
  state: Table,
  ref: CursorRef,
  { read, startOffset, owner, leaseUntil, pendingEnd }: Acquisition,
): Promise<Acquired> => {
  const epoch = (read?.epoch ?? 0) + 1;
  const lease = { ':owner': owner, ':leaseUntil': leaseUntil, ':epoch': epoch, ':pendingEnd': pendingEnd };
  const setLease =
    '#owner = :owner, leaseUntil = :leaseUntil, epoch = :epoch' +
    (pendingEnd === undefined ? '' : ', pendingEnd = if_not_exists(pendingEnd, :pendingEnd)');
  const { applied, standing } = await update(
    state,
    ref,
    read === undefined
      ? {
          condition: 'attribute_not_exists(pk)',
          set: `${setLease}, committed = :start, attempts = :zero, retryAt = :zero`,
          remove: [],
          values: { ...lease, ':start': startOffset, ':zero': 0 },
        }
      : {
          condition: isAsRead(read),
          set: setLease,
          remove: [],
          values: { ...lease, ...asRead(read) },
        },
  );
  const isMine = applied || (standing?.owner === owner && standing.epoch === epoch);
  return isMine && standing !== undefined
    ? { taken: true, cursor: standing }
    : { taken: false, cursor: standing };
};

const outageAttributes: readonly (keyof Outage)[] = ['failingSince', 'failedAt', 'outageMs'];
const setOutage = outageAttributes.map((name) => `, ${name} = :${name}`).join('');

/** What is given is set, and the others go. */
const setOrRemove = <Name extends string>(given: Readonly<Record<Name, number | undefined>>) => {
  const all = Object.entries<number | undefined>(given);
  return {
    set: all.map(([name, value]) => (value === undefined ? '' : `, ${name} = :${name}`)).join(''),
    remove: all.filter(([, value]) => value === undefined).map(([name]) => name),
    values: Object.fromEntries(all.map(([name, value]) => [`:${name}`, value])),
  };
};

/** What goes with the message that it was said of. */
const ofOneMessage = { refusals: undefined, refusedSince: undefined, stuck: undefined };

const commitOffset = async (
  state: Table,
  ref: CursorRef,
  { epoch, committed, leaseUntil, pendingEnd, lost, filtered, deadLettered, suspectEnd, deadRow }: Commit,
): Promise<boolean> => {
  const refused = setOrRemove({ suspectEnd, deadRow, ...ofOneMessage });
  const { applied, standing } = await update(state, ref, {
    // Once the lease was let go, a late copy of a commit must not undo the retry that was set with it.
    condition:
      'epoch = :epoch AND (committed < :committed OR (committed = :committed AND leaseUntil > :zero))',
    set:
      'committed = :committed, leaseUntil = :leaseUntil, attempts = :zero, retryAt = :zero' +
      (pendingEnd === undefined ? '' : ', pendingEnd = :pendingEnd') +
      (lost === undefined ? '' : ', lost = :lost') +
      (filtered === undefined ? '' : ', filtered = :filtered') +
      (deadLettered === undefined ? '' : ', deadLettered = :deadLettered') +
      refused.set,
    remove: [
      ...outageAttributes,
      ...refused.remove,
      'lastFailure',
      ...(pendingEnd === undefined ? ['pendingEnd'] : []),
      ...(leaseUntil === 0 ? ['#owner'] : []),
    ],
    values: {
      ':epoch': epoch,
      ':committed': committed,
      ':leaseUntil': leaseUntil,
      ':pendingEnd': pendingEnd,
      ':lost': lost,
      ':filtered': filtered,
      ':deadLettered': deadLettered,
      ...refused.values,
      ':zero': 0,
    },
  });
  return applied || (standing?.epoch === epoch && standing.committed === committed);
};

const releaseLease = async (state: Table, ref: CursorRef, { epoch, retry }: Release): Promise<boolean> => {
  const { refusals, refusedSince, suspectEnd, stuck } = retry ?? {};
  const refused = setOrRemove({ refusals, refusedSince, suspectEnd, stuck });
  const { applied } = await update(state, ref, {
    condition: 'epoch = :epoch',
    set: retry
      ? 'leaseUntil = :zero, attempts = :attempts, retryAt = :retryAt, pendingEnd = :pendingEnd, ' +
        `lastFailure = :lastFailure${retry.outage ? setOutage : ''}${refused.set}`
      : 'leaseUntil = :zero',
    remove: ['#owner', ...(retry && !retry.outage ? outageAttributes : []), ...(retry ? refused.remove : [])],
    values: {
      ':epoch': epoch,
      ':zero': 0,
      ':attempts': retry?.attempts,
      ':retryAt': retry?.retryAt,
      ':pendingEnd': retry?.pendingEnd,
      ':lastFailure': retry?.lastFailure,
      ':failingSince': retry?.outage?.failingSince,
      ':failedAt': retry?.outage?.failedAt,
      ':outageMs': retry?.outage?.outageMs,
      ...refused.values,
    },
  });
  return applied;
};
