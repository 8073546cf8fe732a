import type { Wake } from '../domain/delivery/wakes.ts';
import type { CursorRef } from '../domain/groups/cursors.ts';
import { deadLetterTopicName } from '../domain/groups/dead-letters.ts';
import type { PushGroup } from '../domain/groups/groups.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { Piece } from '../log/read/pieces.ts';
import type { RunReader } from '../log/read/run.ts';

/** What a wake is about: a partition of the group's topic, or some of its dead letters that the group is given again. */
export interface Subject {
  readonly at: PartitionRef;
  /** The name of the topic that it is of. */
  readonly topic: string;
  readonly ref: CursorRef;
  /** Where the group begins there, where it has no cursor. */
  readonly start: number;
  /** Exclusive; absent: as far as there is something. */
  readonly end?: number;
  /**
   * The group as the messages are made of it. Dead letters are of their own topic; they passed the group's filter before; and the redrive is in
   * the message's id in place of the group, so that no two messages have one id.
   */
  view(group: PushGroup): PushGroup;
}

/** The cursor that a wake, or the token of a message, is about. */
export const cursorRefOf = ({
  groupId,
  partition,
  redriveId,
}: Pick<Wake, 'groupId' | 'partition' | 'redriveId'>): CursorRef =>
  redriveId === undefined ? { groupId, partition } : { groupId, partition, lane: redriveId };

/** Undefined where the wake is about a redrive that is not the group's any more. */
export const subjectOf = (wake: Wake, group: PushGroup): Subject | undefined => {
  const { partition, redriveId } = wake;
  const ref = cursorRefOf(wake);
  if (redriveId === undefined) {
    const start = group.startOffsets[partition] ?? 0;
    const at = { topicId: group.topicId, partition };
    return { at, topic: group.topic, ref, start, view: (now) => now };
  }
  const { redrive } = group;
  const [start, end] = redrive?.redriveId === redriveId ? (redrive.ranges[partition] ?? []) : [];
  if (redrive === undefined || start === undefined || end === undefined) return undefined;
  const topic = deadLetterTopicName(group.topic, group.name);
  const view = ({ delivery: { filter: _passed, ...delivery }, ...now }: PushGroup): PushGroup => ({
    ...now,
    ...{ groupId: redriveId, topic, delivery },
  });
  return { at: { topicId: redrive.deadTopicId, partition }, topic, ref, start, end, view };
};

/** As `subjectOf`, where it was made sure of. @throws Error */
export const knownSubjectOf = (wake: Wake, group: PushGroup): Subject => {
  const subject = subjectOf(wake, group);
  if (subject === undefined) throw new Error('The redrive is not the one of the group any more.');
  return subject;
};

/** The log as far as a subject goes. @param end exclusive; undefined: all of it. */
export const runsBelow = (
  runs: Pick<RunReader, 'read'>,
  end: number | undefined,
): Pick<RunReader, 'read'> => {
  if (end === undefined) return runs;
  const cut = (piece: Piece): Piece => {
    if (piece.end <= end) return piece;
    const decode = (): ReturnType<Piece['decode']> => {
      const { records, bytes } = piece.decode();
      return { records: records.filter(({ offset }) => offset < end), bytes };
    };
    return { ...piece, end, count: Math.min(piece.count, end - piece.from), decode };
  };
  return {
    read: async (at, request) => {
      if (request.from >= end) return { kind: 'end', closed: true };
      const run = await runs.read(at, request);
      if (run.kind !== 'found') return run;
      const pieces = run.pieces.filter(({ from }) => from < end).map(cut);
      const isWhole = (pieces.at(-1)?.end ?? 0) >= end;
      return { ...run, pieces, more: run.more && !isWhole, closed: run.closed || isWhole };
    },
  };
};
