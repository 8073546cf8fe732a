import { concurrently } from '../domain/concurrently.ts';
import { Problem } from '../domain/errors.ts';
import { deadLetterTopicName } from '../domain/groups/dead-letters.ts';
import type { Group, Redrive } from '../domain/groups/groups.ts';
import { partitionsOf, refuseWhileDeleted, type Topic } from '../domain/topics.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import type { TopicDirectory } from '../topics/directory.ts';
import { changeGroup } from './change-group.ts';
import { partitionsAtOnce, type StartDeps } from './start-offsets.ts';
import { redriveProgress } from './status/redrive-progress.ts';
import { wakeRedrive } from './wake-group.ts';

export interface RedriveDeps extends StartDeps {
  readonly groups: Pick<GroupStore, 'get' | 'update'>;
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly queue: WakeQueue;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: Random;
}

/** Dead letters of one partition of their topic. Offsets there; `to` exclusive. */
export interface DeadRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Which dead letters: those that nobody asked for yet, or ranges of offsets. */
export type Choice = 'new' | readonly DeadRange[];

/** What a partition of the dead letters holds. */
type Held = DeadRange;

/**
 * Has dead letters of a group handed out or delivered to it again. It reads them where they are, beside its own topic, with deliveries that
 * are counted anew; they stay where they are.
 * @throws Problem `invalid_request` for a group that has none, or ranges that are not there; `topic_not_found` where the topic of its
 * dead letters was deleted; `conflict` while a redrive is under way, the topic is being deleted, or others keep changing the group.
 */
export const redriveDeadLetters = async (
  deps: RedriveDeps,
  topic: Topic,
  name: string,
  choice: Choice,
  requestId: string,
): Promise<readonly DeadRange[]> => {
  refuseWhileDeleted(topic);
  let asked: readonly DeadRange[] = [];
  const changed = await changeGroup(deps, topic, name, async (group) => {
    requireLetters(group);
    const dead = await deadTopic(deps, topic, group);
    await requireFinished(deps, group, dead, requestId);
    const held = await heldIn(deps, dead);
    const former = group.redrive?.deadTopicId === dead.topicId ? group.redrive.through : {};
    asked = choice === 'new' ? newIn(held, former) : inside(choice, held, dead);
    if (asked.length === 0) return undefined;
    const isNew = choice === 'new';
    const through = isNew ? Object.fromEntries(held.map(({ partition, to }) => [partition, to])) : former;
    return { redrive: redriveOf(deps, dead, asked, through) };
  });
  if (asked.length > 0) await wakeRedrive(deps, changed.group, requestId);
  return asked;
};

const redriveOf = (
  { random, clock }: RedriveDeps,
  { topicId: deadTopicId }: Topic,
  asked: readonly DeadRange[],
  through: Redrive['through'],
): Redrive => ({
  redriveId: newId(random),
  deadTopicId,
  ranges: Object.fromEntries(asked.map(({ partition, from, to }) => [partition, [from, to] as const])),
  through,
  requestedAt: clock.now(),
});

const requireLetters = (group: Group): void => {
  if (group.mode !== 'pull') return;
  throw new Problem(
    'invalid_request',
    `Group "${group.name}" is of mode "${group.mode}", and has no dead letters: those of mode "shared" and "push" have.`,
  );
};

/** One at a time: what is left of it would be lost sight of. */
const requireFinished = async (
  deps: RedriveDeps,
  group: Group,
  dead: Topic,
  requestId: string,
): Promise<void> => {
  const { groupId, redrive } = group;
  // Of a topic that is there no more nothing is left.
  if (redrive === undefined || redrive.deadTopicId !== dead.topicId) return;
  const { records, left } = redriveProgress(redrive, await deps.cursors.list(groupId, redrive.redriveId));
  if (left === 0) return;
  // Whoever asked for it may have died before it woke anybody.
  await wakeRedrive(deps, group, requestId);
  throw new Problem(
    'conflict',
    `A redrive is under way: of ${records} dead letters ${left} are still to be acknowledged. Nothing was changed; ask again when it is over.`,
  );
};

const deadTopic = async ({ directory }: RedriveDeps, topic: Topic, group: Group): Promise<Topic> => {
  const name = deadLetterTopicName(topic.name, group.name);
  try {
    return await directory.resolveAgain(name);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'topic_not_found')) throw error;
    throw new Problem(
      'topic_not_found',
      `The group has no dead letters: their topic, "${name}", is not there. PUT the group again to make it.`,
      { cause: error },
    );
  }
};

const heldIn = async ({ partitions, reader }: RedriveDeps, dead: Topic): Promise<readonly Held[]> => {
  const starts = await partitions.list(dead.topicId);
  return concurrently(partitionsAtOnce, partitionsOf(dead), async (at) => ({
    partition: at.partition,
    from: starts.get(at.partition)?.startOffset ?? 0,
    to: await reader.endOffset(at),
  }));
};

const newIn = (held: readonly Held[], through: Redrive['through']): readonly DeadRange[] =>
  held
    .map(({ partition, from, to }) => ({ partition, from: Math.max(from, through[partition] ?? 0), to }))
    .filter(({ from, to }) => to > from);

const inside = (ranges: readonly DeadRange[], held: readonly Held[], dead: Topic): readonly DeadRange[] => {
  const errors = ranges.flatMap(({ partition, from, to }) => {
    const there = held[partition];
    const path = `ranges.${partition}`;
    if (there === undefined)
      return [{ path, message: `No such partition: topic "${dead.name}" has ${dead.partitions}.` }];
    if (from >= there.from && to <= there.to) return [];
    const message = `The partition has dead letters from offset ${there.from} on, and ends at ${there.to}.`;
    return [{ path, message }];
  });
  if (errors.length === 0) return ranges;
  throw new Problem('invalid_request', 'These dead letters are not there. Nothing was changed.', { errors });
};
