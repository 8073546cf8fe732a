import { Authenticator } from '../../lib/auth/authenticator.ts';
import { consumeApp } from '../../lib/http/consume.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { archiveReader, smallMemory } from '../archive.ts';
import { functionEnvironment } from '../environment.ts';
import { createHttpHandler, gatewayRequestId } from '../http-events.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry } from '../telemetry.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_ARCHIVE_BUCKET',
]);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const { keys, partitions, segments, topics } = dynamoStateStores(state);
const archive = archiveReader(environment.MILLRACE_ARCHIVE_BUCKET, segments, smallMemory);

/** `GET` of a topic's partitions and of their records. */
export const handler = createHttpHandler({
  app: consumeApp({
    reader: new Reader({ batches: dynamoBatchStore(log), partitions, archive, clock }),
    partitions,
    authenticator: new Authenticator({ keys, clock }),
    directory: new TopicDirectory({ topics, clock }),
    random,
    telemetry,
    requestId: gatewayRequestId,
  }),
  telemetry,
});
