import { AttemptLog } from '../../lib/delivery/attempt-log/attempt-log.ts';
import { deliver } from '../../lib/delivery/deliver.ts';
import { newDeliveryMemory } from '../../lib/delivery/memory.ts';
import { Pacing } from '../../lib/delivery/pacing/pacing.ts';
import { newSystemEvents } from '../../lib/events/teller.ts';
import { tellChanges } from '../../lib/events/telling-changes.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { RunReader } from '../../lib/log/read/run.ts';
import { dynamoAttemptStore } from '../../lib/stores/dynamodb/attempts.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoCursorStore } from '../../lib/stores/dynamodb/cursors.ts';
import { dynamoGroupStore } from '../../lib/stores/dynamodb/groups.ts';
import { dynamoIntentStore } from '../../lib/stores/dynamodb/intents.ts';
import { dynamoPaceStore } from '../../lib/stores/dynamodb/paces.ts';
import { dynamoPartitionStore } from '../../lib/stores/dynamodb/partitions.ts';
import { dynamoProducerStore } from '../../lib/stores/dynamodb/producers.ts';
import { dynamoSegmentStore } from '../../lib/stores/dynamodb/segments.ts';
import { dynamoTopicStore } from '../../lib/stores/dynamodb/topics.ts';
import { ProcessExpressions } from '../../lib/stores/expressions/expressions.ts';
import { HttpsWebhookSender } from '../../lib/stores/https/webhooks.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { archiveReader } from '../archive.ts';
import { awsIsOnLoopback, functionEnvironment } from '../environment.ts';
import { stackSecrets } from '../secrets.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry, flushing } from '../telemetry.ts';
import { createQueueConsumer } from './queue-events.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_WAKE_QUEUE_URL',
  'MILLRACE_ARCHIVE_BUCKET',
  'MILLRACE_KEYRING_PARAMETER',
]);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const wakes = sqsWakeQueue({
  client: createQueueClient(),
  queueUrl: environment.MILLRACE_WAKE_QUEUE_URL,
  clock,
});
const topics = dynamoTopicStore(state);
const idempotency = { intents: dynamoIntentStore(state), producers: dynamoProducerStore(state) };
const batches = dynamoBatchStore(log);
const archive = archiveReader(environment.MILLRACE_ARCHIVE_BUCKET, dynamoSegmentStore(state));
const appender = new Appender({ batches, idempotency, clock, random, telemetry });
const attempts = dynamoAttemptStore(state);
const directory = new TopicDirectory({ topics, clock });
const systemEvents = newSystemEvents({ topics, directory, appender, clock, random, telemetry });
const groups = tellChanges(dynamoGroupStore(state), { systemEvents, clock, telemetry });
const deps = {
  runs: new RunReader({ batches, partitions: dynamoPartitionStore(state), archive, clock }),
  appender,
  directory,
  systemEvents,
  cursors: dynamoCursorStore(state),
  groups,
  memory: newDeliveryMemory({ groups, clock }),
  queue: wakes,
  secrets: stackSecrets(environment.MILLRACE_KEYRING_PARAMETER),
  // Excerpts are for the attempt log: no other log has them.
  webhooks: new HttpsWebhookSender({ allowLoopback: awsIsOnLoopback(), excerpts: true }),
  expressions: new ProcessExpressions(),
  pacing: new Pacing({ paces: dynamoPaceStore(state), clock, random }),
  attemptLog: new AttemptLog({ attempts, clock, random, telemetry }),
  clock,
  random,
  telemetry,
};

const consume = createQueueConsumer({
  deliver: (wake, run) => deliver(deps, wake, run),
  receipts: wakes,
  telemetry,
});

/** The wake queue: each wake has its partition delivered. */
export const handler = flushing(telemetry, async (...call: Parameters<typeof consume>) => {
  try {
    return await consume(...call);
  } finally {
    await appender.abandon();
  }
});
