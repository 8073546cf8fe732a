import type { Quotas } from '../../auth/quotas/quotas.ts';
import { Problem } from '../../domain/errors.ts';
import { type Origin, originOf } from '../../domain/records/origin.ts';
import type { Topic } from '../../domain/topics.ts';
import type { Appender } from '../../log/append/appender.ts';
import { PartitionClosedError } from '../../log/closed.ts';
import { RecordSchemas } from '../../schemas/record-schemas.ts';
import type { SchemaStore } from '../../stores/schemas.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import { refuseForEvents } from '../../topics/reserved.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../api.ts';
import { appendAll } from '../append-all.ts';
import { metered } from '../metering.ts';
import { placeRecords, requireOnePartition, requireRoom } from '../placement.ts';
import { type Repeat, readRepeat } from '../repeats/headers.ts';
import { checkRepeatable, placeRepeated, type RepeatPlacementDeps } from '../repeats/placement.ts';
import { requireSchema } from '../schema-check.ts';
import type { ProduceRequest } from '../schemas/records.ts';
import { readProduceRequest } from '../shapes/read.ts';

export interface ProduceDeps extends ApiDeps, RepeatPlacementDeps {
  readonly directory: Pick<TopicDirectory, 'resolve' | 'resolveAgain'>;
  readonly appender: Pick<Appender, 'append'>;
  readonly quotas: Pick<Quotas, 'meterOf'>;
  readonly schemas: Pick<SchemaStore, 'get'>;
  readonly clock: Clock;
}

interface CheckingDeps extends ProduceDeps {
  readonly recordSchemas: RecordSchemas;
}

const placed = async (
  deps: ProduceDeps,
  topic: Topic,
  request: ProduceRequest,
  repeat: Repeat | undefined,
): Promise<readonly number[]> => {
  requireOnePartition(topic, request);
  const partitions =
    repeat === undefined
      ? placeRecords(topic, request, deps.sticky)
      : await placeRepeated(deps, topic, request, repeat);
  if (request.lines === undefined) requireRoom(request.records, partitions);
  return partitions;
};

/** Where a request came from, and what ends it. */
interface ProduceCall {
  readonly origin: Origin | undefined;
  readonly signal: AbortSignal;
  /** How it says that it may be sent again. */
  readonly repeat: Repeat | undefined;
}

const produceTo = async (
  deps: CheckingDeps,
  topic: Topic,
  request: ProduceRequest,
  call: ProduceCall,
): ReturnType<typeof appendAll> => {
  const records = request.records.map(({ record }) => record);
  const partitions = await placed(deps, topic, request, call.repeat);
  await requireSchema(deps, topic, { request, records, partitions, repeat: call.repeat });
  return appendAll(deps.appender, topic, {
    records,
    partitions,
    lines: request.lines,
    ...call,
    ...(request.expectedOffset !== undefined && { expectedOffset: request.expectedOffset }),
  });
};

/** The topic as this process remembers it, or as it is now where the request names a partition beyond. */
const topicFor = async (deps: ProduceDeps, name: string, request: ProduceRequest): Promise<Topic> => {
  const topic = await deps.directory.resolve(name);
  const isBeyond = request.records.some(({ partition }) => (partition ?? 0) >= topic.partitions);
  return isBeyond ? deps.directory.resolveAgain(name) : topic;
};

/** A topic deleted under our hands is looked up once more: its name may be gone, or another topic's. */
const produce = async (
  deps: CheckingDeps,
  name: string,
  request: ProduceRequest,
  call: ProduceCall,
): ReturnType<typeof appendAll> => {
  const topic = await topicFor(deps, name, request);
  try {
    return await produceTo(deps, topic, request, call);
  } catch (error) {
    if (!(error instanceof PartitionClosedError)) throw error;
  }
  try {
    return await produceTo(deps, await deps.directory.resolveAgain(name), request, call);
  } catch (error) {
    if (!(error instanceof PartitionClosedError)) throw error;
    throw new Problem('unavailable', `Topic "${name}" is being deleted. Nothing was written that stays.`, {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
};

/** `POST /v1/topics/{topic}/records`: appends records. */
export const produceRecords = (api: Api, given: ProduceDeps): void => {
  const deps = { ...given, recordSchemas: new RecordSchemas(given) };
  api.post('/v1/topics/:topic/records', allow(deps, 'produce'), metered(deps), async (c) => {
    const name = pathParameter(c, 'topic');
    refuseForEvents(name, 'append to');
    const repeat = readRepeat(c);
    const request = await readProduceRequest(c);
    if (repeat !== undefined) checkRepeatable(request, repeat);
    c.get('meter')?.take(request.records.map(({ record }) => record));
    const origin = originOf(c.get('requestId'), c.req.header('traceparent'));
    const { answer, isReplayed } = await produce(deps, name, request, {
      origin,
      signal: c.req.raw.signal,
      repeat,
    });
    return c.json(answer, 200, isReplayed ? { 'Idempotency-Replayed': 'true' } : {});
  });
};
