import { concurrently } from '../domain/concurrently.ts';
import { NotSentError, OutcomeUnknownError, Problem, ThrottledError } from '../domain/errors.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import type { Group, GroupStart } from '../domain/groups/groups.ts';
import { isSought, type Seek, sought } from '../domain/groups/seeking.ts';
import { refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { CursorStore, Replaced } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import { offsetsAt, partitionsAtOnce, type StartDeps } from './start-offsets.ts';
import { type WakeGroupDeps, wakeAsItIs } from './wake-group.ts';

export interface SeekDeps extends StartDeps, WakeGroupDeps {
  readonly groups: Pick<GroupStore, 'get'>;
  readonly cursors: Pick<CursorStore, 'list' | 'replace'>;
  readonly partitions: StartDeps['partitions'];
  readonly reader: StartDeps['reader'];
  readonly clock: Clock;
  readonly random: Random;
  /** Told of a group whose cursors were moved, or may have been: for a process that remembers them. */
  readonly announceMoves?: (groupId: string) => void;
}

/** Where a group stands in a partition, and where it is to go on. Offsets. */
export interface Move {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A move of a cursor as it was read. */
interface Planned extends Move {
  readonly seek: Seek;
  readonly cursor: Cursor | undefined;
  /** Whether it is asked for: otherwise the group stays where it is. */
  readonly isAsked: boolean;
}

export interface SeekRequest {
  readonly to: GroupStart;
  readonly requestId: string;
  /** Aborts when the request has to end. */
  readonly signal?: AbortSignal;
}

/** How long it takes at most until the last cursor is moved: of the 29 seconds that a gateway waits, some are left for the wakes. */
const seekForMs = 24_000;
/** Between two attempts to write a cursor: all of a group's share a key of the table, which takes 1,000 write units a second. */
const [firstPauseMs, longestPauseMs] = [20, 1000];

const plan = async (
  deps: SeekDeps,
  topic: Topic,
  group: Group,
  to: GroupStart,
): Promise<readonly Planned[]> => {
  const targets = await offsetsAt(deps, topic, to, 'to');
  const states = await deps.partitions.list(topic.topicId);
  const cursors = await deps.cursors.list(group.groupId);
  return targets.map((target, partition) => {
    const began = group.startOffsets[partition] ?? 0;
    const cursor = cursors.get(partition);
    const oldest = states.get(partition)?.startOffset ?? 0;
    const from = Math.max(cursor?.committed ?? began, oldest);
    const seek = { to: target ?? from, began, oldest };
    return { partition, from, to: seek.to, seek, cursor, isAsked: target !== undefined };
  });
};

const moveOf = ({ partition, from, to }: Planned): Move => ({ partition, from, to });

/** From where to where a seek would move a group, in every partition. Nothing is written. @throws Problem as `seekGroup`. */
export const planSeek = async (
  deps: SeekDeps,
  topic: Topic,
  group: Group,
  { to, signal }: Pick<SeekRequest, 'to' | 'signal'>,
): Promise<readonly Move[]> => (await planInTime(plan(deps, topic, group, to), signal)).map(moveOf);

const planInTime = async <T>(planning: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  const planned = await unlessAborted(planning, signal);
  if (planned !== undefined) return planned;
  throw new Problem(
    'unavailable',
    'There was not enough time to find out where the partitions are to go on. Nothing was moved. Give offsets of some partitions at a time instead.',
  );
};

/**
 * Has a group go on elsewhere, in every partition that `to` names, whatever is in hand: who has it is fenced. Each cursor is moved by
 * itself, and whoever writes it meanwhile only has it moved from where that leaves it. The same again moves what was left.
 * @returns from where to where, in every partition.
 * @throws Problem `invalid_request` for offsets that the topic has not, `conflict` while the topic is being deleted, and
 * `unavailable` when the time was over: members `moved` and `left` say how many partitions were moved and how many not.
 */
export const seekGroup = async (
  deps: SeekDeps,
  topic: Topic,
  group: Group,
  { to, requestId, signal }: SeekRequest,
): Promise<readonly Move[]> => {
  refuseWhileDeleted(topic);
  const begun = deps.clock.monotonic();
  const planned = await planInTime(plan(deps, topic, group, to), signal);
  const isOver = () => signal?.aborted === true || deps.clock.monotonic() - begun > seekForMs;
  const asked = planned.filter(({ isAsked }) => isAsked);
  try {
    const done = await concurrently(partitionsAtOnce, asked, (each) =>
      unlessAborted(move(deps, group, each, isOver), signal),
    );
    requireAll(group, done);
  } finally {
    deps.announceMoves?.(group.groupId);
    if (group.mode === 'push')
      await unlessAborted(wakeAsItIs(deps, topic, group, { requestId, isNew: false }), signal);
  }
  return planned.map(moveOf);
};

/** Moves one cursor. False when the time is over before it is known to be moved. */
const move = async (
  deps: SeekDeps,
  { groupId }: Group,
  { partition, seek, cursor }: Planned,
  isOver: () => boolean,
): Promise<boolean> => {
  const ref = { groupId, partition };
  let read = cursor;
  while (read === undefined || !isSought(read, seek)) {
    const version = (read?.version ?? 0) + 1;
    const next = { ...sought(read, seek), version, writeId: newId(deps.random) };
    const outcome = await written(deps, () => deps.cursors.replace(ref, read, next), isOver);
    if (outcome === undefined) return false;
    if (outcome.done) return true;
    read = outcome.standing;
  }
  return true;
};

/** What comes of a write that knows itself when it is repeated; undefined when the time is over first. */
const written = async (
  { clock, random }: SeekDeps,
  write: () => Promise<Replaced>,
  isOver: () => boolean,
): Promise<Replaced | undefined> => {
  for (let failures = 0; !isOver(); failures += 1) {
    try {
      return await write();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await clock.sleep(random.number() * Math.min(longestPauseMs, firstPauseMs * 2 ** failures));
    }
  }
  return undefined;
};

const mayPass = (error: unknown): boolean =>
  error instanceof ThrottledError || error instanceof OutcomeUnknownError || error instanceof NotSentError;

/** What comes of `work`; undefined where `signal` aborts first. What is under way then may still be done. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> => {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
};

const requireAll = ({ name }: Group, done: readonly (boolean | undefined)[]): void => {
  const moved = done.filter((isMoved) => isMoved === true).length;
  const left = done.length - moved;
  if (left === 0) return;
  throw new Problem(
    'unavailable',
    `There was not enough time: group "${name}" was moved in ${moved} partitions, and in ${left} it is not known to be. Repeat the request: it moves the rest.`,
    { retryAfterSeconds: 1, members: { moved, left } },
  );
};
