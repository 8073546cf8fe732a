import { dynamoKeyStore } from './api-keys.ts';
import { dynamoAttemptStore } from './attempts.ts';
import { dynamoCursorStore } from './cursors.ts';
import { dynamoErasureStore } from './erasures.ts';
import { dynamoGroupStore } from './groups.ts';
import { dynamoIntentStore } from './intents.ts';
import { dynamoMemberStore } from './members.ts';
import { dynamoPaceStore } from './paces.ts';
import { dynamoPartitionStore } from './partitions.ts';
import { dynamoProducerStore } from './producers.ts';
import { dynamoRemovalStore } from './removals.ts';
import { dynamoSchemaStore } from './schemas.ts';
import { dynamoSegmentStore } from './segments.ts';
import { dynamoSweepPlaceStore } from './sweep-places.ts';
import type { Table } from './table/table.ts';
import { dynamoTopicStore } from './topics.ts';

/** Every store that is kept in the state table; `client` from `createStateClient`. */
export const dynamoStateStores = (state: Table) => ({
  topics: dynamoTopicStore(state),
  groups: dynamoGroupStore(state),
  cursors: dynamoCursorStore(state),
  members: dynamoMemberStore(state),
  paces: dynamoPaceStore(state),
  partitions: dynamoPartitionStore(state),
  schemas: dynamoSchemaStore(state),
  segments: dynamoSegmentStore(state),
  erasures: dynamoErasureStore(state),
  intents: dynamoIntentStore(state),
  producers: dynamoProducerStore(state),
  attempts: dynamoAttemptStore(state),
  keys: dynamoKeyStore(state),
  removals: dynamoRemovalStore(state),
  sweepPlaces: dynamoSweepPlaceStore(state),
});
