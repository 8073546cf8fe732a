import { Authenticator } from '../../lib/auth/authenticator.ts';
import { newSystemEvents } from '../../lib/events/teller.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import { pullApp } from '../../lib/http/pull.ts';
import { Appender } from '../../lib/log/append/appender.ts';
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
const stores = dynamoStateStores(state);
const { keys, partitions, segments, topics } = stores;
const archive = archiveReader(environment.MILLRACE_ARCHIVE_BUCKET, segments, smallMemory);
const batches = dynamoBatchStore(log);
const reader = new Reader({ batches, partitions, archive, clock });
const appender = new Appender({ batches, idempotency: stores, clock, random, telemetry });
const directory = new TopicDirectory({ topics, clock });
const deps = { ...stores, appender, directory, reader, clock, random, telemetry };

/** `POST` of what the consumers of a group ask: poll, ack, nack, leave. */
export const handler = createHttpHandler({
  app: pullApp({
    pulls: new PullGroups({ ...deps, systemEvents: newSystemEvents(deps) }),
    authenticator: new Authenticator({ keys, clock }),
    directory,
    random,
    telemetry,
    requestId: gatewayRequestId,
  }),
  telemetry,
  abandon: () => appender.abandon(),
});
