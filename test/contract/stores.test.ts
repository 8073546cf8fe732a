import { afterAll, beforeAll, describe } from 'vitest';
import { describeBatchStore } from './batch-store.ts';
import { describeCursorLeases, describeCursorMoves } from './cursor-store.ts';
import { describeGroupStore } from './group-store.ts';
import { implementations, type Running, type Stores } from './implementations.ts';
import { describeKeyStore } from './key-store.ts';
import { describePartitionStore } from './partition-store.ts';
import { describeRemovalStore } from './removal-store.ts';
import { describeTopicStore } from './topic-store.ts';

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
  describeCursorLeases(open);
  describeCursorMoves(open);
  describePartitionStore(open);
  describeKeyStore(open);
  describeRemovalStore(open);
});
