import { dropOldest } from '../../domain/drop-oldest.ts';
import { Problem } from '../../domain/errors.ts';
import type { PulledGroup } from '../../domain/groups/groups.ts';
import type { Topic } from '../../domain/topics.ts';
import { ReadCache } from '../../stores/read-cache.ts';
import { findGroup } from '../describe.ts';
import { acknowledgeOffsets, giveBackOffsets } from './acknowledge.ts';
import { AssignedPoll } from './assigned.ts';
import { CursorChanges } from './cursor-changes.ts';
import {
  groupKey,
  type PollDeps,
  type PullDeps,
  type PullOptions,
  pullDefaults,
  type Subject,
} from './deps.ts';
import { poll, type Resolve } from './poll.ts';
import type { AckRequest, NackRequest, Polled, PollRequest } from './requests.ts';
import { Sessions } from './sessions.ts';
import { settleRecords } from './settle.ts';
import { SharedPoll } from './shared.ts';
import { Turns } from './turns.ts';

/** How long a process goes on with what it knows of a group. */
const groupMaxAgeMs = 5000;
const maxGroups = 1000;

const wrongMode = (name: string, text: string): Problem =>
  new Problem('invalid_request', `Group "${name}" ${text}`);

/** Groups whose consumers come for their records: DESIGN §7. One per process: it remembers members and cursors. */
export class PullGroups {
  readonly #deps: PollDeps;
  readonly #groups: ReadCache<PulledGroup>;
  /** Ids of groups, by the id of their topic and their name. */
  readonly #ids = new Map<string, string>();

  constructor(deps: PullDeps, options: Partial<PullOptions> = {}) {
    const whole = { ...pullDefaults, ...options };
    const changes = new CursorChanges(deps, whole);
    this.#deps = {
      ...deps,
      changes,
      sessions: new Sessions(deps),
      turns: new Turns(),
      overRedrives: new Set(),
      options: whole,
    };
    this.#groups = new ReadCache<PulledGroup>({
      clock: deps.clock,
      maxAgeMs: () => groupMaxAgeMs,
      maxEntries: maxGroups,
    });
  }

  /**
   * Hands records to a consumer, and acknowledges what came before where the request says so. It joins where it is no member.
   * @throws Problem `group_not_found`, `invalid_request` for what its mode has not, `lease_lost`, `not_handed_out`,
   * `limit_exceeded`; UndecodableBatchError.
   */
  async poll(topic: Topic, name: string, request: PollRequest): Promise<Polled> {
    const resolve = this.#resolver(topic, name);
    const subject = await resolve();
    requireFitting(subject.group, request.ack, request.positions !== undefined);
    const Mode = subject.group.mode === 'pull' ? AssignedPoll : SharedPoll;
    return poll(this.#deps, new Mode(this.#deps, subject, request), request, resolve);
  }

  /** @throws Problem as `poll`. */
  async acknowledge(topic: Topic, name: string, { ack, ...request }: AckRequest): Promise<void> {
    const subject = await this.#subject(topic, name);
    requireFitting(subject.group, ack);
    if (ack.offsets !== undefined)
      await acknowledgeOffsets(this.#deps, subject, { ...request, offsets: ack.offsets });
    if (ack.records !== undefined)
      await settleRecords(this.#deps, subject, { ...request, records: ack.records });
  }

  /** @throws Problem as `poll`. */
  async giveBack(topic: Topic, name: string, request: NackRequest): Promise<void> {
    const subject = await this.#subject(topic, name);
    requireFitting(subject.group, request);
    await giveBackOffsets(this.#deps, subject, request);
  }

  /** Ends a consumer's session, if it has one: what it holds is handed to others at once. */
  async leave(topic: Topic, name: string, consumerId: string): Promise<void> {
    const { group } = await this.#subject(topic, name);
    await this.#deps.sessions.leave(group.groupId, consumerId);
    this.#deps.reader.announce(groupKey(group.groupId));
  }

  /** To be called when another part of the process changed the group: whoever waits looks at it again. */
  changed({ topicId, name }: { readonly topicId: string; readonly name: string }): void {
    const key = `${topicId}/${name}`;
    const known = this.#ids.get(key);
    this.#groups.forget(key);
    if (known !== undefined) this.#deps.reader.announce(groupKey(known));
  }

  /** To be called when another part of the process changed cursors of the group. */
  moved(groupId: string): void {
    this.#deps.changes.forget(groupId);
    this.#deps.reader.announce(groupKey(groupId));
  }

  /** The topic and the group as they are, or were a few seconds ago: they must be the ones that the poll began with. */
  #resolver(topic: Topic, name: string): Resolve {
    let first: Subject | undefined;
    return async () => {
      const now = first === undefined ? topic : await this.#deps.directory.resolve(topic.name);
      if (now.topicId !== topic.topicId)
        throw new Problem('topic_not_found', `Topic "${topic.name}" was deleted meanwhile.`);
      const subject = await this.#subject(now, name);
      first ??= subject;
      if (subject.group.groupId !== first.group.groupId)
        throw new Problem('group_not_found', `Group "${name}" was deleted meanwhile.`);
      return subject;
    };
  }

  async #subject(topic: Topic, name: string): Promise<Subject> {
    const group = await this.#groups.get(`${topic.topicId}/${name}`, async () => {
      const { group: found } = await findGroup(this.#deps.groups, topic, name);
      this.#ids.set(`${topic.topicId}/${name}`, found.groupId);
      dropOldest(this.#ids, maxGroups);
      if (found.mode !== 'push') return found;
      throw wrongMode(name, 'is of mode "push": it is called, and cannot be polled. Create another group.');
    });
    return { topic, group };
  }
}

/** @throws Problem `invalid_request` where the group's mode has no such acknowledgement. */
const requireFitting = (
  { mode, name }: PulledGroup,
  given: { readonly offsets?: unknown; readonly records?: unknown } = {},
  hasPositions = false,
): void => {
  if (mode === 'pull' && given.records !== undefined)
    throw wrongMode(name, 'is of mode "pull": acknowledge it by "offsets", and not record by record.');
  if (mode === 'shared' && (given.offsets !== undefined || hasPositions))
    throw wrongMode(
      name,
      'is of mode "shared": acknowledge each of its records by "records"; it has no "offsets" and no "positions".',
    );
};
