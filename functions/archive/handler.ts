import { archivePartition } from '../../lib/archive/archiver.ts';
import { parquetSegments } from '../../lib/archive/parquet/parquet-segments.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { archiveObjects } from '../archive.ts';
import { archiveOptions } from '../archive-options.ts';
import { functionEnvironment } from '../environment.ts';
import { logTable, stateTable } from '../tables.ts';
import { createTelemetry, flushing } from '../telemetry.ts';
import { createArchiveConsumer } from './queue-events.ts';

const environment = functionEnvironment([
  'MILLRACE_LOG_TABLE',
  'MILLRACE_STATE_TABLE',
  'MILLRACE_ARCHIVE_BUCKET',
  'MILLRACE_SEGMENT_MAX_BYTES',
  'MILLRACE_SEGMENT_MAX_AGE_SECONDS',
]);
const telemetry = createTelemetry();
const { topics, partitions, segments, erasures } = dynamoStateStores(
  stateTable(environment.MILLRACE_STATE_TABLE, telemetry),
);
const deps = {
  topics,
  partitions,
  segments,
  erasures,
  batches: dynamoBatchStore(logTable(environment.MILLRACE_LOG_TABLE, telemetry)),
  objects: archiveObjects(environment.MILLRACE_ARCHIVE_BUCKET),
  format: parquetSegments,
  clock,
  random,
  telemetry,
  options: archiveOptions(environment),
};

/** The archive queue: each task has its partition archived, let go of by retention, and trimmed. */
export const handler = flushing(
  telemetry,
  createArchiveConsumer({ archive: (task, run) => archivePartition(deps, task, run), telemetry }),
);
