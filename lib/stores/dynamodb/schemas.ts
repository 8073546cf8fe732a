import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SchemaVersion } from '../../domain/schemas.ts';
import type { SchemaStore } from '../schemas.ts';
import { schemaKey, schemasKey } from './keys.ts';
import { deleteItemsUnder, fromItem, itemsUnder, type Table, toItem, unlessRefused } from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** Versions of schemas on a DynamoDB table. */
export const dynamoSchemaStore = (state: Table): SchemaStore => ({
  put: async (topicId, version) => {
    const put = new PutItemCommand({
      TableName: state.table,
      Item: toItem(schemaKey(topicId, version), version),
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    await unlessRefused(state.client.send(put));
  },
  get: async (topicId, ref) => {
    const item = await itemAt(state, schemaKey(topicId, ref));
    return item && fromItem<SchemaVersion>(item);
  },
  list: async (topicId) => {
    const versions: SchemaVersion[] = [];
    for await (const item of itemsUnder(state, { pk: schemasKey(topicId) }))
      versions.push(fromItem<SchemaVersion>(item));
    return versions;
  },
  deleteAll: (topicId) => deleteItemsUnder(state, { pk: schemasKey(topicId) }),
});
