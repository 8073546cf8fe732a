import type { Segment } from '../../domain/archive/segments.ts';
import { concurrently } from '../../domain/concurrently.ts';
import type { SystemEvent } from '../../domain/events/events.ts';
import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Group, Subscription } from '../../domain/groups/groups.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Topic } from '../../domain/topics.ts';
import type { SystemEvents } from '../../events/system-events.ts';
import { lagOf, type PartitionLag } from '../../groups/lag.ts';
import { receives } from '../../groups/receivers.ts';
import { type AppendTimeDeps, appendTimeOf } from '../../log/read/append-time.ts';
import { resealing } from '../../secrets/endpoint-secrets.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { PartitionStore } from '../../stores/partitions.ts';
import type { SegmentStore } from '../../stores/segments.ts';
import type { WakeQueue } from '../../stores/wake-queue.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { sweptEvents } from './events.ts';
import type { Failures } from './failures.ts';
import { wakeForsaken, wakeForsakenResends } from './forsaken.ts';
import {
  nothingRedriven,
  type Redriven,
  redrivenOf,
  type SweepPulledDeps,
  watchPulled,
} from './pulled-groups.ts';

export interface SweepGroupsDeps extends SweepPulledDeps {
  readonly groups: Pick<GroupStore, 'list' | 'updateEndpoint'>;
  readonly secrets: Secrets;
  readonly batches: Pick<BatchStore, 'floor'>;
  /** Absent where there is no archive. */
  readonly archive?: { readonly segments: Pick<SegmentStore, 'floor'> };
  readonly partitions: Pick<PartitionStore, 'list'>;
  readonly queue: WakeQueue;
  readonly systemEvents: SystemEvents;
  readonly clock: Clock;
}

const queriesAtOnce = 16;

/** What was found, and done. */
export interface SweptCounts {
  /** Sent. */
  readonly wakes: number;
  /** Groups in which records wait that nobody is given. */
  readonly paused: number;
  /** Groups in which records wait that nobody asks for. */
  readonly abandoned: number;
  /** On their way to the dead letters, which cannot be written. */
  readonly stuckRecords: number;
}

export interface SweptGroups extends SweptCounts {
  /** Whether there was time for all of it. */
  readonly isWhole: boolean;
}

/** The end of each partition of a topic, by number; undefined where it could not be read, or there was no time. */
export type Ends = readonly (number | undefined)[];

/** A group in which records wait. */
interface Behind {
  readonly subscription: Subscription;
  readonly lags: readonly PartitionLag[];
  readonly redriven: Redriven;
}

/**
 * Wakes what is forsaken of a topic's groups, and then tells the lag of those that have some. Each partition by itself:
 * one that cannot be read keeps neither another from its wake nor its group's lag from being told, as far as it is known.
 */
export const sweepGroups = async (
  deps: SweepGroupsDeps,
  topic: Topic,
  readEnds: () => Promise<Ends>,
  failures: Failures,
  hasTime: () => boolean,
): Promise<SweptGroups> => {
  const subscriptions = await deps.groups.list(topic.topicId);
  const counts = { wakes: 0, paused: 0, abandoned: 0, stuckRecords: 0 };
  if (subscriptions.length === 0) return { ...counts, isWhole: true };
  const ends = await readEnds();
  const behind: Behind[] = [];
  const events: SystemEvent[] = [];
  for (const subscription of subscriptions) {
    if (!hasTime()) return { ...counts, isWhole: false };
    const { group } = subscription;
    const all = await failures.kept(() => lagsOf(deps, group, ends), []);
    events.push(...sweptEvents(subscription, all, deps.clock.now()));
    const lags = all.filter(({ lag }) => lag > 0);
    const redriven = await failures.kept(() => redrivenOf(deps, group), nothingRedriven);
    await failures.kept(() => resealEndpoints(deps, subscription), undefined);
    counts.wakes += await failures.kept(() => wakeForsakenResends(deps, subscription), 0);
    if (lags.length === 0 && redriven.left === 0) continue;
    behind.push({ subscription, lags, redriven });
    counts.wakes += await failures.kept(() => wakeForsaken(deps, subscription, lags, redriven), 0);
  }
  // After every wake: nobody waits for telemetry, and events come late only where they were not told at once.
  for (const each of behind) {
    if (!hasTime()) return { ...counts, isWhole: false };
    const found = await tell(deps, topic, each, failures);
    counts.paused += found.paused ?? 0;
    counts.abandoned += found.abandoned ?? 0;
    counts.stuckRecords += found.stuckRecords ?? 0;
  }
  for (const event of events) {
    if (!hasTime()) return { ...counts, isWhole: false };
    await deps.systemEvents.tell(event);
  }
  return { ...counts, isWhole: true };
};

/**
 * Seals what an older version stored in plain, and what an older key sealed, and lets go of what signs no more. One that is changed meanwhile is sealed by that
 * change, or by the next sweep.
 */
const resealEndpoints = async (
  { groups, secrets, clock }: SweepGroupsDeps,
  { group, endpoints }: Subscription,
): Promise<void> => {
  const ref = { topicId: group.topicId, group: group.name };
  for (const endpoint of endpoints) {
    const change = await resealing(
      secrets,
      { ...ref, endpointId: endpoint.endpointId },
      endpoint,
      clock.now(),
    );
    if (change !== undefined) await groups.updateEndpoint(ref, endpoint, change);
  }
};

/** Tells how far a group is behind, and what is wrong with it. */
const tell = async (
  deps: SweepGroupsDeps,
  topic: Topic,
  { subscription, lags, redriven }: Behind,
  failures: Failures,
): Promise<Partial<SweptCounts>> => {
  const { group } = subscription;
  const records = recordsOf(lags) + redriven.left;
  const isGiven = group.mode === 'push' ? receives(subscription) : group.pausedSince === undefined;
  if (!isGiven) {
    deps.telemetry.record({ kind: 'paused', topic: topic.name, group: group.name, records });
    return { paused: 1 };
  }
  if (lags.length > 0) await recordLag(deps, topic, group, lags, failures);
  const cursors = [...lags.flatMap(({ cursor }) => cursor ?? []), ...redriven.cursors.values()];
  if (group.mode === 'push') return { stuckRecords: tellStuck(deps, topic, group, cursors) };
  return failures.kept<Partial<SweptCounts>>(async () => {
    const { abandoned, stuckRecords } = await watchPulled(deps, topic, group, { records, cursors });
    return { abandoned: abandoned ? 1 : 0, stuckRecords };
  }, {});
};

/** Tells of records that endpoints refused, and that could not be written to the dead letters. Gives how many. */
const tellStuck = (
  { telemetry }: SweepGroupsDeps,
  topic: Topic,
  group: Group,
  cursors: readonly Cursor[],
): number => {
  const records = cursors.reduce((sum, { stuck = 0 }) => sum + stuck, 0);
  if (records > 0) telemetry.record({ kind: 'stuck', topic: topic.name, group: group.name, records });
  return records;
};

/** Of partitions in which a group lags, and of others. Where they begin is asked for only where it may lag in any. */
const lagsOf = async (deps: SweepGroupsDeps, group: Group, ends: Ends): Promise<readonly PartitionLag[]> => {
  const isBehind = ({ lag }: PartitionLag): boolean => lag > 0;
  const cursors = await deps.cursors.list(group.groupId);
  const lags = lagOf(group, cursors, { ends, starts: new Map() });
  if (!lags.some(isBehind)) return lags;
  const starts = await deps.partitions.list(group.topicId);
  return lagOf(group, cursors, { ends, starts });
};

const recordsOf = (lags: readonly PartitionLag[]): number => lags.reduce((sum, { lag }) => sum + lag, 0);

const recordLag = async (
  deps: SweepGroupsDeps,
  topic: Topic,
  group: Group,
  lags: readonly PartitionLag[],
  failures: Failures,
): Promise<void> => {
  const { clock, telemetry } = deps;
  const times = { batches: deps.batches, ...manifestOf(deps) };
  const appendedAt = await concurrently(queriesAtOnce, lags, ({ partition, endOffset, lag }) =>
    failures.kept(
      async () =>
        (await appendTimeOf(times, { topicId: topic.topicId, partition }, endOffset - lag)) ?? clock.now(),
      clock.now(),
    ),
  );
  telemetry.record({
    kind: 'lag',
    topic: topic.name,
    group: group.name,
    records: recordsOf(lags),
    oldestMs: appendedAt.reduce((age, at) => Math.max(age, clock.now() - at), 0),
  });
};

/** What covers an offset in the manifest, asked each time: a sweep comes to each partition once. */
const manifestOf = ({ archive }: SweepGroupsDeps): Pick<AppendTimeDeps, 'archive'> => {
  if (archive === undefined) return {};
  const segmentAt = async (at: PartitionRef, offset: number): Promise<Segment | undefined> => {
    const segment = await archive.segments.floor(at, offset);
    return segment !== undefined && offset < segment.end ? segment : undefined;
  };
  return { archive: { segmentAt } };
};
