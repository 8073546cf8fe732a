import { Problem } from '../../domain/errors.ts';
import { type Cursor, newCursor } from '../../domain/groups/cursors.ts';
import { ownerOf } from '../../domain/groups/members.ts';
import { type Ack, type AckAnswer, acknowledged, givenBack, judgeAck } from '../../domain/groups/pulling.ts';
import { groupKey, type PollDeps, type Subject, sessionMsOf } from './deps.ts';
import type { Offsets } from './requests.ts';

/** Who acknowledges what, in a group of mode `pull`. */
export interface Acknowledging {
  readonly consumerId: string;
  readonly offsets: Offsets;
  readonly epochs?: Offsets | undefined;
}

const listed = (partitions: readonly number[]): string =>
  partitions.length === 1 ? `Partition ${partitions[0]} is` : `Partitions ${partitions.join(', ')} are`;

/** @returns Problem `lease_lost`, with the partitions that it is about. */
export const leaseLost = (partitions: readonly number[]): Problem =>
  new Problem(
    'lease_lost',
    `${listed(partitions)} not this consumer's any more: its lease or its session is over, or there was a seek. Forget what you have of it, and poll again. Nothing was acknowledged.`,
    { members: { partitions } },
  );

const notHandedOut = (partition: number, offset: number, cursor: Cursor): Problem => {
  const handedOut = Math.max(cursor.committed, cursor.handedOut ?? 0);
  return new Problem(
    'not_handed_out',
    `Partition ${partition} was handed out up to below ${handedOut}, and ${offset} is past that. Give the offset after the last record that you are done with. Nothing was acknowledged.`,
    { members: { partition, handedOut } },
  );
};

/** What is said where an acknowledgement may not move the cursor. */
export const refusal = (answer: AckAnswer, partition: number, ack: Ack, cursor: Cursor): Problem =>
  answer === 'lease_lost' ? leaseLost([partition]) : notHandedOut(partition, ack.offset, cursor);

/** The cursor after the acknowledgement. @throws Problem `lease_lost`, `not_handed_out`. */
export const acknowledgedBy = (cursor: Cursor, partition: number, ack: Ack): Cursor => {
  const answer = judgeAck(cursor, ack);
  if (answer !== 'done') throw refusal(answer, partition, ack, cursor);
  return acknowledged(cursor, ack);
};

const startOf = ({ group }: Subject, partition: number): number => group.startOffsets[partition] ?? 0;

/**
 * The acknowledgements, by partition, when each of them may move its cursor as it is now: so nothing moves where one may not.
 * @throws Problem `lease_lost`, `not_handed_out`, `partition_not_found`
 */
export const judgeAll = async (
  { changes, options }: Pick<PollDeps, 'changes' | 'options'>,
  subject: Subject,
  owner: string,
  { offsets, epochs }: Pick<Acknowledging, 'offsets' | 'epochs'>,
): Promise<Map<number, Ack>> => {
  const acks = new Map<number, Ack>();
  const lost: number[] = [];
  // Of several at once, as whoever goes on to look at them does.
  if (offsets.size > 1) await changes.list({ groupId: subject.group.groupId }, options.freshMs);
  for (const [partition, offset] of offsets) {
    const { topic, group } = subject;
    if (partition >= topic.partitions)
      throw new Problem('partition_not_found', `Topic "${topic.name}" has no partition ${partition}.`);
    const ack: Ack = { owner, offset, epoch: epochs?.get(partition) };
    const judge = async (maxAgeMs: number): Promise<[AckAnswer, Cursor]> => {
      const seen = await changes.get({ groupId: group.groupId, partition }, maxAgeMs);
      const cursor = seen ?? newCursor(startOf(subject, partition));
      return [judgeAck(cursor, ack), cursor];
    };
    // What this process remembers may be long over; it is not refused by that.
    let [answer, cursor] = await judge(Number.POSITIVE_INFINITY);
    if (answer !== 'done') [answer, cursor] = await judge(0);
    if (answer === 'not_handed_out') throw notHandedOut(partition, offset, cursor);
    if (answer === 'lease_lost') lost.push(partition);
    acks.set(partition, ack);
  }
  if (lost.length > 0) throw leaseLost(lost);
  return acks;
};

/** The session of a consumer that has one. @throws Problem `lease_lost` where it has none: it holds nothing then. */
const ownerAt = async (
  { sessions }: PollDeps,
  { group }: Subject,
  request: Acknowledging,
): Promise<string> => {
  const { groupId } = group;
  const { consumerId, offsets } = request;
  const member = await sessions.present({ groupId, consumerId, sessionMs: sessionMsOf(group) });
  if (member === undefined) throw leaseLost([...offsets.keys()]);
  return ownerOf(member);
};

/** Moves the cursors of all partitions, or of none where one may not be moved as it is now. */
const moveAll = async (
  deps: PollDeps,
  subject: Subject,
  request: Acknowledging,
  move: (cursor: Cursor, ack: Ack) => Cursor,
): Promise<void> => {
  const { groupId } = subject.group;
  const acks = await judgeAll(deps, subject, await ownerAt(deps, subject, request), request);
  await Promise.all(
    [...acks].map(([partition, ack]) =>
      deps.changes.change({ groupId, partition }, startOf(subject, partition), (cursor) => {
        acknowledgedBy(cursor, partition, ack);
        return { next: move(cursor, ack), answer: undefined };
      }),
    ),
  );
  deps.reader.announce(groupKey(groupId));
};

/**
 * Acknowledges everything below the offsets.
 * @throws Problem `lease_lost`, `not_handed_out`, `partition_not_found`: nothing was acknowledged, unless another took one of
 * several partitions in that moment.
 */
export const acknowledgeOffsets = (deps: PollDeps, subject: Subject, request: Acknowledging): Promise<void> =>
  moveAll(deps, subject, request, acknowledged);

/** Acknowledges everything below the offsets, and has the rest handed out again after `delayMs`. Throws as `acknowledgeOffsets`. */
export const giveBackOffsets = (
  deps: PollDeps,
  subject: Subject,
  { delayMs, ...request }: Acknowledging & { readonly delayMs: number },
): Promise<void> => {
  const retryAt = delayMs > 0 ? deps.clock.now() + delayMs : 0;
  return moveAll(deps, subject, request, (cursor, ack) => givenBack(cursor, ack, retryAt));
};
