import { Problem } from '../../domain/errors.ts';
import { type Cursor, newCursor } from '../../domain/groups/cursors.ts';
import { deadLetterTopicName } from '../../domain/groups/dead-letters.ts';
import { ownerOf } from '../../domain/groups/members.ts';
import { aheadOf, readEnd, withAhead } from '../../domain/groups/runs/ahead.ts';
import type { Patience } from '../../domain/groups/runs/recover.ts';
import { type Outcome, settle } from '../../domain/groups/runs/settle.ts';
import { groupKey, type PollDeps, patienceOf, type Subject, sessionMsOf } from './deps.ts';
import { type Lane, laneKey, ownLane, redriveLane } from './lanes.ts';
import type { Offsets, RecordOutcome } from './requests.ts';
import { buryStuck } from './stuck.ts';

/** What becomes of records in one partition. */
export interface LaneOutcomes {
  readonly lane: Lane;
  readonly outcomes: readonly Outcome[];
  /** The epoch that they were handed out under, where the client says it. */
  readonly epoch: number | undefined;
}

/** What was given, by partition. @throws Problem `invalid_request`, `partition_not_found`. */
export const byLane = (
  subject: Subject,
  records: readonly RecordOutcome[],
  epochs: Offsets | undefined,
): readonly LaneOutcomes[] => {
  const lanes = new Map<string, { lane: Lane; outcomes: Outcome[]; epoch: number | undefined }>();
  for (const { topic, partition, ...outcome } of records) {
    const lane = laneOf(subject, topic, partition);
    const epoch = lane.isDead ? undefined : epochs?.get(partition);
    const known = lanes.get(laneKey(lane)) ?? { lane, outcomes: [], epoch };
    const last = known.outcomes.at(-1);
    // Most say the same of records that follow one another: then it is said of all at once.
    if (last !== undefined && isContinued(last, outcome))
      known.outcomes[known.outcomes.length - 1] = { ...last, to: outcome.to };
    else known.outcomes.push(outcome);
    lanes.set(laneKey(lane), known);
  }
  return [...lanes.values()];
};

const isContinued = (last: Outcome, { from, outcome, delayMs }: Outcome): boolean =>
  last.to === from && last.outcome === outcome && last.delayMs === delayMs;

const laneOf = (subject: Subject, topic: string | undefined, partition: number): Lane => {
  const { topic: own, group } = subject;
  if (topic === undefined || topic === own.name) {
    if (partition < own.partitions) return ownLane(subject, partition);
    throw new Problem('partition_not_found', `Topic "${own.name}" has no partition ${partition}.`);
  }
  const dead = deadLetterTopicName(own.name, group.name);
  const lane = topic === dead ? redriveLane(subject, partition) : undefined;
  if (lane !== undefined) return lane;
  throw new Problem(
    'lease_lost',
    `No record of topic "${topic.slice(0, 128)}" is handed out in partition ${partition}: give the "topic" of records as they were handed out, or none. Nothing was acknowledged.`,
    { members: { partitions: [partition] } },
  );
};

/**
 * The cursor after what was said of its records.
 * @throws Problem `lease_lost`, `not_handed_out`
 */
export const settledBy = (
  cursor: Cursor,
  { lane, outcomes, epoch }: LaneOutcomes,
  by: { readonly owner: string; readonly now: number },
  patience: Patience,
): Cursor => {
  const { partition } = lane.ref;
  if (epoch !== undefined && epoch !== cursor.epoch) throw lost(partition, 'There was a seek since.');
  const ahead = aheadOf(cursor);
  const settler = { by: by.owner, now: by.now, until: by.now + patience.ackTimeoutMs };
  const settled = settle(ahead, outcomes, settler, patience);
  if (settled.kind === 'done') return withAhead(cursor, settled.ahead);
  const { from, to } = settled.range;
  const range = to - from === 1 ? `Offset ${from}` : `What is from offset ${from} to below ${to}`;
  if (settled.kind === 'lost')
    throw lost(partition, `${range} is not this consumer's any more: its time was over, or its session.`);
  throw new Problem(
    'not_handed_out',
    `${range} of partition ${partition} was not handed out to anybody. Nothing was acknowledged.`,
    { members: { partition, handedOut: readEnd(ahead) } },
  );
};

const lost = (partition: number, why: string): Problem =>
  new Problem(
    'lease_lost',
    `${why} This is partition ${partition}. Forget those records, and poll again. Nothing was acknowledged.`,
    { members: { partitions: [partition] } },
  );

/** @throws where one of them may not be done as things are now: nothing is written then. */
export const judgeLanes = async (
  { changes, clock, options }: PollDeps,
  subject: Subject,
  owner: string,
  lanes: readonly LaneOutcomes[],
): Promise<void> => {
  // Of several at once, as whoever goes on to look at them does.
  if (lanes.length > 1) await changes.list({ groupId: subject.group.groupId }, options.freshMs);
  const patience = patienceOf(subject);
  for (const each of lanes) {
    const judge = async (maxAgeMs: number): Promise<void> => {
      const cursor = (await changes.get(each.lane.ref, maxAgeMs)) ?? newCursor(each.lane.start);
      settledBy(cursor, each, { owner, now: clock.now() }, patience);
    };
    // What this process remembers may be long over; nothing is refused by that.
    await judge(Number.POSITIVE_INFINITY).catch(() => judge(0));
  }
};

export const settleLane = (
  { changes, clock }: PollDeps,
  subject: Subject,
  owner: string,
  each: LaneOutcomes,
): Promise<void> =>
  changes.change(each.lane.ref, each.lane.start, (cursor) => ({
    next: settledBy(cursor, each, { owner, now: clock.now() }, patienceOf(subject)),
    answer: undefined,
  }));

/**
 * Settles records of a shared group, each by itself.
 * @throws Problem `lease_lost`, `not_handed_out`, `partition_not_found`: nothing was acknowledged, unless another took records of one of
 * several partitions in that moment.
 */
export const settleRecords = async (
  deps: PollDeps,
  subject: Subject,
  request: {
    readonly consumerId: string;
    readonly records: readonly RecordOutcome[];
    readonly epochs?: Offsets | undefined;
  },
): Promise<void> => {
  const { groupId } = subject.group;
  const lanes = byLane(subject, request.records, request.epochs);
  const { consumerId } = request;
  const member = await deps.sessions.present({ groupId, consumerId, sessionMs: sessionMsOf(subject.group) });
  if (member === undefined)
    throw lost(lanes[0]?.lane.ref.partition ?? 0, "The consumer's session is over: it has no records.");
  const owner = ownerOf(member);
  await judgeLanes(deps, subject, owner, lanes);
  await Promise.all(lanes.map((each) => settleLane(deps, subject, owner, each)));
  deps.reader.announce(groupKey(groupId));
  await Promise.all(lanes.map(({ lane }) => buryStuck(deps, subject, lane)));
};
