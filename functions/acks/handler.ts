import { AckTokens } from '../../lib/delivery/acks/token.ts';
import { CursorChanges } from '../../lib/groups/pull/cursor-changes.ts';
import { acksApp } from '../../lib/http/acks.ts';
import { dynamoCursorStore } from '../../lib/stores/dynamodb/cursors.ts';
import { dynamoGroupStore } from '../../lib/stores/dynamodb/groups.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { functionEnvironment } from '../environment.ts';
import { createHttpHandler, gatewayRequestId } from '../http-events.ts';
import { stackSecrets } from '../secrets.ts';
import { stateTable } from '../tables.ts';
import { createTelemetry } from '../telemetry.ts';

const environment = functionEnvironment([
  'MILLRACE_STATE_TABLE',
  'MILLRACE_WAKE_QUEUE_URL',
  'MILLRACE_KEYRING_PARAMETER',
]);
const telemetry = createTelemetry();
const state = stateTable(environment.MILLRACE_STATE_TABLE, telemetry);
const cursors = dynamoCursorStore(state);

/** `POST /v1/acks/{token}`: messages that their endpoints took are acknowledged, by whoever has their tokens. */
export const handler = createHttpHandler({
  app: acksApp({
    tokens: new AckTokens(stackSecrets(environment.MILLRACE_KEYRING_PARAMETER)),
    groups: dynamoGroupStore(state),
    // Deliverers write these cursors too.
    changes: new CursorChanges({ cursors, clock, random }, { isAlone: false }),
    queue: sqsWakeQueue({
      client: createQueueClient(),
      queueUrl: environment.MILLRACE_WAKE_QUEUE_URL,
      clock,
    }),
    clock,
    random,
    telemetry,
    requestId: gatewayRequestId,
  }),
  telemetry,
});
