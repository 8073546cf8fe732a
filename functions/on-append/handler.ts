import { onAppend } from '../../lib/delivery/on-append.ts';
import { Receivers } from '../../lib/groups/receivers.ts';
import { dynamoGroupStore } from '../../lib/stores/dynamodb/groups.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { functionEnvironment } from '../environment.ts';
import { stateTable } from '../tables.ts';
import { createTelemetry, flushing } from '../telemetry.ts';
import { createStreamConsumer } from './stream-events.ts';

const environment = functionEnvironment(['MILLRACE_STATE_TABLE', 'MILLRACE_WAKE_QUEUE_URL']);
const telemetry = createTelemetry();
const groups = dynamoGroupStore(stateTable(environment.MILLRACE_STATE_TABLE, telemetry));
const receivers = new Receivers({ groups, clock });
const queue = sqsWakeQueue({
  client: createQueueClient(),
  queueUrl: environment.MILLRACE_WAKE_QUEUE_URL,
  clock,
});

/** The log table's stream: new batches become wakes. */
export const handler = flushing(
  telemetry,
  createStreamConsumer({ onAppend: (changed) => onAppend({ receivers, queue }, changed), telemetry }),
);
