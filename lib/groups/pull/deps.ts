import type { PulledGroup } from '../../domain/groups/groups.ts';
import { aheadBounds, type Bounds } from '../../domain/groups/runs/hand-out.ts';
import type { Patience } from '../../domain/groups/runs/recover.ts';
import type { Topic } from '../../domain/topics.ts';
import type { SystemEvents } from '../../events/system-events.ts';
import type { Appender } from '../../log/append/appender.ts';
import type { Reader } from '../../log/read/reader.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { MemberStore } from '../../stores/members.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Random } from '../../surroundings/random.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { CursorChanges } from './cursor-changes.ts';
import type { Sessions } from './sessions.ts';
import type { Turns } from './turns.ts';

/** What is asked of the log. */
export type PullReader = Pick<Reader, 'ready' | 'take' | 'expectAny' | 'announce' | 'isOver' | 'hearsAll'>;

export interface PullDeps {
  readonly groups: Pick<GroupStore, 'get'>;
  readonly cursors: Pick<CursorStore, 'get' | 'list' | 'replace'>;
  readonly members: MemberStore;
  readonly directory: Pick<TopicDirectory, 'resolve'>;
  readonly reader: PullReader;
  /** Appends dead letters. */
  readonly appender: Pick<Appender, 'append'>;
  readonly systemEvents: SystemEvents;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Every knob of pulling. Durations are ms. */
export interface PullOptions {
  /** A wait looks again after this, then after growing pauses up to the longest. */
  readonly firstPauseMs: number;
  readonly pauseGrowth: number;
  readonly longestPauseMs: number;
  /** What is known of members and cursors when a poll begins may be so old. */
  readonly freshMs: number;
  /** While it waits, they are looked at so often. */
  readonly refreshMs: number;
  /** Partitions that one poll reads at a time. */
  readonly partitionsAtOnce: number;
  /** How far a shared group may be ahead of its committed offset. */
  readonly bounds: Bounds;
  /** This process alone writes cursors. */
  readonly isAlone: boolean;
}

export const pullDefaults: PullOptions = {
  firstPauseMs: 50,
  pauseGrowth: 1.5,
  longestPauseMs: 1000,
  freshMs: 1000,
  refreshMs: 3000,
  partitionsAtOnce: 16,
  bounds: aheadBounds,
  isAlone: false,
};

/** What a poll works with. */
export interface PollDeps extends PullDeps {
  readonly changes: CursorChanges;
  readonly sessions: Sessions;
  readonly turns: Turns;
  /** Ids of redrives that this process knows to be over. */
  readonly overRedrives: Set<string>;
  readonly options: PullOptions;
}

/** A group of a topic, as they are at this moment. */
export interface Subject {
  readonly topic: Topic;
  readonly group: PulledGroup;
}

export const sessionMsOf = ({ reading }: PulledGroup): number => reading.sessionTimeoutSeconds * 1000;
export const ackTimeoutMsOf = ({ reading }: PulledGroup): number => reading.ackTimeoutSeconds * 1000;

export const patienceOf = ({ group }: Pick<Subject, 'group'>): Patience => ({
  ackTimeoutMs: ackTimeoutMsOf(group),
  maxDeliveries: group.reading.maxDeliveries,
});

/** What ends the waits of a group's members, when something of the group changed. */
export const groupKey = (groupId: string): string => `group/${groupId}`;
