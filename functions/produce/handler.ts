import { Authenticator } from '../../lib/auth/authenticator.ts';
import { Quotas } from '../../lib/auth/quotas/quotas.ts';
import { StickyPartition } from '../../lib/domain/records/partitioning.ts';
import { produceApp } from '../../lib/http/produce.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { dynamoKeyStore } from '../../lib/stores/dynamodb/api-keys.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoIntentStore } from '../../lib/stores/dynamodb/intents.ts';
import { dynamoProducerStore } from '../../lib/stores/dynamodb/producers.ts';
import { dynamoSchemaStore } from '../../lib/stores/dynamodb/schemas.ts';
import { dynamoTopicStore } from '../../lib/stores/dynamodb/topics.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { functionEnvironment } from '../environment.ts';
import { createHttpHandler, gatewayRequestId } from '../http-events.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry } from '../telemetry.ts';

const environment = functionEnvironment(['MILLRACE_LOG_TABLE', 'MILLRACE_STATE_TABLE']);
const telemetry = createTelemetry();
const log = logTable(environment.MILLRACE_LOG_TABLE, telemetry);
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const intents = dynamoIntentStore(state);
const appender = new Appender({
  batches: dynamoBatchStore(log),
  idempotency: { intents, producers: dynamoProducerStore(state) },
  clock,
  random,
  telemetry,
});

/** `POST /v1/topics/{topic}/records`. Never returns with an append still under way. */
export const handler = createHttpHandler({
  app: produceApp({
    appender,
    authenticator: new Authenticator({ keys: dynamoKeyStore(state), clock }),
    directory: new TopicDirectory({ topics: dynamoTopicStore(state), clock }),
    sticky: new StickyPartition({ clock, random }),
    intents,
    schemas: dynamoSchemaStore(state),
    clock,
    quotas: new Quotas({ clock }),
    random,
    telemetry,
    requestId: gatewayRequestId,
  }),
  telemetry,
  abandon: () => appender.abandon(),
});
