import type { CursorRef } from '../../domain/groups/cursors.ts';
import { deadLetterTopicName } from '../../domain/groups/dead-letters.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Subject } from './deps.ts';

/** A partition that a shared group reads: one of its topic, or in a redrive one of its dead letters. */
export interface Lane {
  readonly ref: CursorRef;
  readonly at: PartitionRef;
  /** The name of the topic. */
  readonly topic: string;
  /** Where a cursor that was never written begins. */
  readonly start: number;
  /** The offset after the last that is read; infinite for the group's own topic. */
  readonly end: number;
  readonly isDead: boolean;
}

export const ownLane = ({ group, topic }: Subject, partition: number): Lane => ({
  ref: { groupId: group.groupId, partition },
  at: { topicId: topic.topicId, partition },
  topic: topic.name,
  start: group.startOffsets[partition] ?? 0,
  end: Number.POSITIVE_INFINITY,
  isDead: false,
});

/** The lane of a redrive that is under way; undefined where there is none, or it does not read the partition. */
export const redriveLane = ({ group, topic }: Subject, partition: number): Lane | undefined => {
  const { redrive } = group;
  const range = redrive?.ranges[partition];
  if (redrive === undefined || range === undefined) return undefined;
  return {
    ref: { groupId: group.groupId, partition, lane: redrive.redriveId },
    at: { topicId: redrive.deadTopicId, partition },
    topic: deadLetterTopicName(topic.name, group.name),
    start: range[0],
    end: range[1],
    isDead: true,
  };
};

/** Every partition that the group reads. */
export const lanesOf = (subject: Subject): readonly Lane[] => [
  ...Array.from({ length: subject.topic.partitions }, (_none, partition) => ownLane(subject, partition)),
  ...Object.keys(subject.group.redrive?.ranges ?? {}).flatMap((partition) => {
    const lane = redriveLane(subject, Number(partition));
    return lane === undefined ? [] : [lane];
  }),
];

export const laneKey = ({ ref }: Pick<Lane, 'ref'>): string =>
  `${ref.groupId}/${ref.lane ?? ''}/${ref.partition}`;
