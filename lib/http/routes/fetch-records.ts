import { Problem, UndecodableBatchError } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import type { Reader } from '../../log/read/reader.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { answerBytes } from '../bytes/answer.ts';
import { readQuery } from '../query.ts';
import { type FetchFrom, type FetchRequest, fetchParameters, parseFetch } from '../schemas/fetch.ts';
import { fetchAnswer, fetchedType } from '../shapes/answers.ts';
import { undecodable } from '../undecodable.ts';

export interface FetchDeps extends ApiDeps {
  readonly directory: Pick<TopicDirectory, 'resolvePartition'>;
  readonly reader: Pick<Reader, 'fetch' | 'startOffset' | 'endOffset' | 'offsetAtTime'>;
}

type Fetched = Awaited<ReturnType<Reader['fetch']>>;

const partitionIn = (c: ApiContext): number => {
  const partition = parseWhole(pathParameter(c, 'partition'));
  if (partition !== undefined) return partition;
  throw new Problem(
    'partition_not_found',
    'A partition is a whole number in decimal digits without a zero in front, 0 or more.',
  );
};

const offsetFrom = ({ reader }: FetchDeps, at: PartitionRef, from: FetchFrom): Promise<number> => {
  if (from.kind === 'offset') return Promise.resolve(from.offset);
  if (from.kind === 'earliest') return reader.startOffset(at);
  return from.kind === 'time' ? reader.offsetAtTime(at, from.timestampMs) : reader.endOffset(at);
};

const hasMoved = (error: unknown): boolean =>
  error instanceof Problem && error.code === 'offset_out_of_range';

/** A place that is not a number is found first; trimming may pass it in between, and then it is found once more. */
const fetch = async (
  deps: FetchDeps,
  at: PartitionRef,
  { from, ...range }: FetchRequest,
  signal: AbortSignal,
): Promise<Fetched> => {
  const run = async (): Promise<Fetched> =>
    deps.reader.fetch(at, { offset: await offsetFrom(deps, at, from), ...range, signal });
  try {
    return await run();
  } catch (error) {
    if (from.kind === 'offset' || !hasMoved(error)) throw error;
    return run();
  }
};

/** `GET /v1/topics/{topic}/partitions/{partition}/records`: reads records, in order. */
export const fetchRecords = (api: Api, deps: FetchDeps): void => {
  api.get('/v1/topics/:topic/partitions/:partition/records', allow(deps, 'consume'), async (c) => {
    const request = parseFetch(readQuery(c, fetchParameters));
    const partition = partitionIn(c);
    const type = fetchedType(c.req.header('accept'));
    const topic = pathParameter(c, 'topic');
    const { topicId } = await deps.directory.resolvePartition(topic, partition);
    try {
      const fetched = await fetch(deps, { topicId, partition }, request, c.req.raw.signal);
      const { body, headers } = fetchAnswer(fetched, type, topic);
      return await answerBytes(c, body, type, headers);
    } catch (error) {
      throw error instanceof UndecodableBatchError ? undecodable(c, deps, topicId, error) : error;
    }
  });
};
