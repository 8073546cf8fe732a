import { ArchiveDue } from '../../lib/archive/due.ts';
import { PartitionEnds } from '../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../lib/delivery/sweep/sweep.ts';
import { newSystemEvents } from '../../lib/events/teller.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { sqsArchiveQueue } from '../../lib/stores/sqs/archive-queue.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { archiveObjects } from '../archive.ts';
import { archiveOptions } from '../archive-options.ts';
import { functionEnvironment } from '../environment.ts';
import { stackSecrets } from '../secrets.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry, flushing } from '../telemetry.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_WAKE_QUEUE_URL',
  'MILLRACE_ARCHIVE_QUEUE_URL',
  'MILLRACE_ARCHIVE_BUCKET',
  'MILLRACE_KEYRING_PARAMETER',
  'MILLRACE_SEGMENT_MAX_BYTES',
  'MILLRACE_SEGMENT_MAX_AGE_SECONDS',
]);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const batches = dynamoBatchStore(log);
const ends = new PartitionEnds(batches);
const stores = dynamoStateStores(state);
const client = createQueueClient();
const queue = sqsWakeQueue({ client, queueUrl: environment.MILLRACE_WAKE_QUEUE_URL, clock });
const archive = {
  ...stores,
  due: new ArchiveDue({ batches, segments: stores.segments, options: archiveOptions(environment) }),
  queue: sqsArchiveQueue({ client, queueUrl: environment.MILLRACE_ARCHIVE_QUEUE_URL, clock }),
  objects: archiveObjects(environment.MILLRACE_ARCHIVE_BUCKET),
};
const secrets = stackSecrets(environment.MILLRACE_KEYRING_PARAMETER);
const appender = new Appender({ batches, idempotency: stores, clock, random, telemetry });
const directory = new TopicDirectory({ topics: stores.topics, clock });
const systemEvents = newSystemEvents({ ...stores, appender, directory, clock, random, telemetry });

/**
 * The schedule: wakes what was forgotten, sends what is due to the archive, and goes on with removals, as far as the time of an
 * invocation allows.
 */
export const handler = flushing(
  telemetry,
  async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
    const run = { remainingMs: () => context.getRemainingTimeInMillis() };
    try {
      const work = { batches, ends, archive, appender, queue, secrets, systemEvents, clock, telemetry };
      await sweep({ ...stores, ...work }, run);
    } finally {
      await appender.abandon();
    }
  },
);
