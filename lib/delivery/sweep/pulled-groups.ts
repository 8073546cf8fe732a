import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Group, PulledGroup } from '../../domain/groups/groups.ts';
import { aheadOf } from '../../domain/groups/runs/ahead.ts';
import { countsOf } from '../../domain/groups/runs/counts.ts';
import type { Topic } from '../../domain/topics.ts';
import { liveMembers } from '../../groups/status/holders.ts';
import { redriveProgress } from '../../groups/status/redrive-progress.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { MemberStore } from '../../stores/members.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';

export interface SweepPulledDeps {
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly members: Pick<MemberStore, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly telemetry: Telemetry;
}

/** The dead letters that a group was given again, as far as it is not through with them. */
export interface Redriven {
  readonly left: number;
  readonly cursors: ReadonlyMap<number, Cursor>;
}

export const nothingRedriven: Redriven = { left: 0, cursors: new Map() };

/** One query more of a group that was ever given dead letters again. */
export const redrivenOf = async (
  { cursors }: Pick<SweepPulledDeps, 'cursors'>,
  group: Group,
): Promise<Redriven> => {
  if (group.redrive === undefined) return nothingRedriven;
  const lane = await cursors.list(group.groupId, group.redrive.redriveId);
  return { left: redriveProgress(group.redrive, lane).left, cursors: lane };
};

/** What waits in a group. */
export interface Waiting {
  readonly records: number;
  /** Of where it waits. */
  readonly cursors: readonly Cursor[];
}

/** What is wrong with a group. */
export interface Watched {
  readonly abandoned: boolean;
  readonly stuckRecords: number;
}

/**
 * Tells of a group in which records wait that nobody polls, and of records that are stuck on their way to the dead letters. One
 * query, for the members.
 */
export const watchPulled = async (
  { members, clock, telemetry }: SweepPulledDeps,
  topic: Topic,
  group: PulledGroup,
  { records, cursors }: Waiting,
): Promise<Watched> => {
  const of = { topic: topic.name, group: group.name };
  const stuckRecords = cursors.reduce((sum, cursor) => sum + countsOf(aheadOf(cursor)).stuck, 0);
  if (stuckRecords > 0) telemetry.record({ kind: 'stuck', ...of, records: stuckRecords });
  const all = await members.list(group.groupId);
  const abandoned = liveMembers(group, all, clock.now()).length === 0;
  if (abandoned) telemetry.record({ kind: 'abandoned', ...of, records });
  return { abandoned, stuckRecords };
};
