import { concurrently } from '../../domain/concurrently.ts';
import { partitionsOf } from '../../domain/topics.ts';
import { partitionsAtOnce } from '../../groups/start-offsets.ts';
import type { Reader } from '../../log/read/reader.ts';
import { type PartitionStore, untouchedPartition } from '../../stores/partitions.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { PartitionsAnswer } from '../answers/records.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../api.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';

export interface PartitionsDeps extends ApiDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly reader: Pick<Reader, 'endOffset'>;
  readonly partitions: Pick<PartitionStore, 'list'>;
}

/** `GET /v1/topics/{topic}/partitions`: where each partition begins and ends. */
export const listPartitions = (api: Api, deps: PartitionsDeps): void => {
  api.get('/v1/topics/:topic/partitions', allow(deps, 'consume'), async (c) => {
    noQuery(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const states = await deps.partitions.list(topic.topicId);
    const partitions = await concurrently(partitionsAtOnce, partitionsOf(topic), async (at) => {
      const { startOffset, archivedThrough } = states.get(at.partition) ?? untouchedPartition;
      const endOffset = await deps.reader.endOffset(at);
      return { partition: at.partition, startOffset, endOffset, archivedThrough };
    });
    return answerJson(c, { partitions } satisfies PartitionsAnswer);
  });
};
