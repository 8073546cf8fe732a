import { Authenticator } from '../../lib/auth/authenticator.ts';
import { newSystemEvents } from '../../lib/events/teller.ts';
import { tellChanges } from '../../lib/events/telling-changes.ts';
import { adminApp } from '../../lib/http/admin.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { HttpsWebhookSender } from '../../lib/stores/https/webhooks.ts';
import { sqsArchiveQueue } from '../../lib/stores/sqs/archive-queue.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { archiveReader, smallMemory } from '../archive.ts';
import { awsIsOnLoopback, functionEnvironment } from '../environment.ts';
import { createHttpHandler, gatewayRequestId } from '../http-events.ts';
import { stackSecrets } from '../secrets.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry } from '../telemetry.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_WAKE_QUEUE_URL',
  'MILLRACE_ARCHIVE_QUEUE_URL',
  'MILLRACE_ARCHIVE_BUCKET',
  'MILLRACE_KEYRING_PARAMETER',
]);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const batches = dynamoBatchStore(log);
const stores = dynamoStateStores(state);
const archive = archiveReader(environment.MILLRACE_ARCHIVE_BUCKET, stores.segments, smallMemory);
const client = createQueueClient();
const queue = sqsWakeQueue({ client, queueUrl: environment.MILLRACE_WAKE_QUEUE_URL, clock });
const archiveQueue = sqsArchiveQueue({ client, queueUrl: environment.MILLRACE_ARCHIVE_QUEUE_URL, clock });
const appender = new Appender({ batches, idempotency: stores, clock, random, telemetry });
const directory = new TopicDirectory({ topics: stores.topics, clock });
const shared = { ...stores, appender, directory, clock, random, telemetry };
const groups = tellChanges(stores.groups, { ...shared, systemEvents: newSystemEvents(shared) });

/** Topics, groups, endpoints, keys and health, and every path that is none. */
export const handler = createHttpHandler({
  app: adminApp({
    ...shared,
    groups,
    secrets: stackSecrets(environment.MILLRACE_KEYRING_PARAMETER),
    queue,
    archiveQueue,
    reader: new Reader({ batches, partitions: stores.partitions, archive, clock }),
    authenticator: new Authenticator({ keys: stores.keys, clock }),
    requestId: gatewayRequestId,
    webhooks: new HttpsWebhookSender({ allowLoopback: awsIsOnLoopback(), excerpts: true }),
    allowLoopback: awsIsOnLoopback(),
  }),
  telemetry,
  abandon: () => appender.abandon(),
});
