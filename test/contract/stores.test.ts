import { afterAll, beforeAll, describe } from 'vitest';
import { implementations, type Running, type Stores } from './implementations.ts';
import { describeAttemptStore } from './suites/attempt-store.ts';
import { describeBatchStore } from './suites/batch-store.ts';
import { describeCursorReplacing } from './suites/cursor-replacing.ts';
import { describeCursorLeases, describeCursorMoves } from './suites/cursor-store.ts';
import { describeErasureStore } from './suites/erasure-store.ts';
import { describeGroupStore } from './suites/group-store.ts';
import { describeIntentStore } from './suites/intent-store.ts';
import { describeKeyStore } from './suites/key-store.ts';
import { describeMemberStore } from './suites/member-store.ts';
import { describePaceStore } from './suites/pace-store.ts';
import { describePartitionStore } from './suites/partition-store.ts';
import { describeProducerStore } from './suites/producer-store.ts';
import { describePulledGroupStore } from './suites/pulled-group-store.ts';
import { describeRemovalStore } from './suites/removal-store.ts';
import { describeSchemaStore } from './suites/schema-store.ts';
import { describeSegmentStore } from './suites/segment-store.ts';
import { describeSweepPlaceStore } from './suites/sweep-place-store.ts';
import { describeTopicStore } from './suites/topic-store.ts';

describe.each(implementations)('$name', ({ start, tellsWinner }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.stop());
  const open = (): Promise<Stores> => running.open();

  describeBatchStore(open, tellsWinner);
  describeTopicStore(open);
  describeGroupStore(open);
  describePulledGroupStore(open);
  describeCursorLeases(open);
  describeCursorMoves(open);
  describeCursorReplacing(open);
  describeMemberStore(open);
  describePaceStore(open);
  describePartitionStore(open);
  describeSchemaStore(open);
  describeSegmentStore(open);
  describeErasureStore(open);
  describeIntentStore(open);
  describeProducerStore(open);
  describeAttemptStore(open);
  describeKeyStore(open);
  describeRemovalStore(open);
  describeSweepPlaceStore(open);
});
