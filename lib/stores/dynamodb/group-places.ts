import { isDeepStrictEqual } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { GroupPlace, GroupPlaces } from '../../domain/groups/places.ts';
import type { GroupStore } from '../groups.ts';
import { groupPlacesKey } from './keys.ts';
import { deleteItems, fromItem, type Item, type Table, toItem, toKey, unlessRefused } from './table/table.ts';
import { standingItem } from './table/tombstones.ts';
import { changeVersion } from './table/versions.ts';

const toPlaces = (item: Item): GroupPlaces => fromItem<GroupPlaces>(item, ['topicId']);

/** The places of a topic's groups on a DynamoDB table. */
export const dynamoGroupPlaces = (
  state: Table,
): Pick<GroupStore, 'places' | 'replacePlaces' | 'deletePlaces'> => ({
  places: async (topicId) => {
    const item = await standingItem(state, groupPlacesKey(topicId));
    return item && toPlaces(item);
  },
  replacePlaces: async (topicId, read, places) => {
    if (read === undefined) return first(state, topicId, places);
    const changed = await changeVersion(state, groupPlacesKey(topicId), {
      read: read.version,
      version: read.version + 1,
      id: { name: 'topicId', value: topicId },
      set: { places },
    });
    return changed && toPlaces(changed);
  },
  // Two hours after the topic was deleted: no copy of the put that made it is left.
  deletePlaces: (topicId) => deleteItems(state, [toKey(groupPlacesKey(topicId))]),
});

const first = async (
  state: Table,
  topicId: string,
  places: readonly GroupPlace[],
): Promise<GroupPlaces | undefined> => {
  const made: GroupPlaces = { version: 1, places };
  const key = groupPlacesKey(topicId);
  const put = new PutItemCommand({
    TableName: state.table,
    Item: toItem(key, { ...made, topicId }),
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  if ((await unlessRefused(state.client.send(put))) !== undefined) return made;
  // It may be this very put, whose first answer was lost.
  const item = await standingItem(state, key);
  return item !== undefined && isDeepStrictEqual(toPlaces(item), made) ? made : undefined;
};
