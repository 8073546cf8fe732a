import { PartitionEnds } from '../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../lib/delivery/sweep/sweep.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { functionEnvironment } from '../environment.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry, flushing } from '../telemetry.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_WAKE_QUEUE_URL',
]);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const batches = dynamoBatchStore(log);
const ends = new PartitionEnds(batches);
const queue = sqsWakeQueue({
  client: createQueueClient(),
  queueUrl: environment.MILLRACE_WAKE_QUEUE_URL,
  clock,
});
const appender = new Appender({ batches, clock, random, telemetry });

/** The schedule: wakes what was forgotten, and goes on with removals, as far as the time of an invocation allows. */
export const handler = flushing(
  telemetry,
  async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
    const run = { remainingMs: () => context.getRemainingTimeInMillis() };
    try {
      await sweep({ ...dynamoStateStores(state), batches, ends, appender, queue, clock, telemetry }, run);
    } finally {
      await appender.abandon();
    }
  },
);
