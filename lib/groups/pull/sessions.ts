import { dropOldest } from '../../domain/drop-oldest.ts';
import { Problem } from '../../domain/errors.ts';
import { assign } from '../../domain/groups/assignment.ts';
import { isDueForRenewal, isLive, type Member, ownerOf } from '../../domain/groups/members.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';
import type { MemberStore } from '../../stores/members.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';

export interface SessionsDeps {
  readonly members: MemberStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** The members of a group, as one query gave them. */
export interface Roll {
  readonly members: readonly Member[];
  /** When they were asked for. */
  readonly at: Instant;
}

/** What is asked of a session. */
export interface Session {
  readonly groupId: string;
  readonly consumerId: string;
  readonly sessionMs: number;
}

/** The members of a group are read again at most so often. */
export const rollMaxAgeMs = 1000;
const maxGroups = 1000;
/** Of as many that join under one name at the same time the last still gets an answer. */
const joinsAtMost = 10;

/**
 * The sessions of consumers: DESIGN §7. One per process. A member keeps one heartbeat, whatever it holds, and only a third of its
 * polls, or fewer, write it.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #rolls = new Map<string, Roll>();
  readonly #owners = new WeakMap<Roll, readonly string[]>();

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  /** The members as they are or were `maxAgeMs` ago; one query where it asks. */
  async roll(groupId: string, maxAgeMs = rollMaxAgeMs): Promise<Roll> {
    const known = this.#rolls.get(groupId);
    if (known !== undefined && elapsedMs(known.at, instantOf(this.#deps.clock)) <= maxAgeMs) return known;
    const at = instantOf(this.#deps.clock);
    return this.#keep(groupId, { at, members: await this.#deps.members.list(groupId) });
  }

  /** Whose each partition is, by number, among the members of the roll. */
  owners(roll: Roll, partitions: number): readonly string[] {
    const known = this.#owners.get(roll);
    if (known?.length === partitions) return known;
    const owners = assign(
      partitions,
      roll.members.map(({ consumerId }) => consumerId),
    );
    this.#owners.set(roll, owners);
    return owners;
  }

  /** Forgets what is known of a group's members. */
  forget(groupId: string): void {
    this.#rolls.delete(groupId);
  }

  /**
   * The consumer's session, renewed where it is time for that; a new one where it has none, or its own is over: such a one holds
   * nothing.
   * @throws Problem `limit_exceeded` when the group has as many members as it may have.
   */
  async attend(session: Session, maxAgeMs?: number): Promise<Member> {
    const { groupId, consumerId, sessionMs } = session;
    let standing = this.#find(await this.roll(groupId, maxAgeMs), consumerId);
    for (let attempt = 0; attempt < joinsAtMost; attempt += 1) {
      if (standing !== undefined && this.#isOpen(standing, sessionMs)) {
        if (!isDueForRenewal(standing, this.#deps.clock.now(), sessionMs)) return standing;
        const renewed: Member | undefined = await this.#renew(session, standing);
        if (renewed?.memberEpoch === standing.memberEpoch && this.#isOpen(renewed, sessionMs)) return renewed;
        standing = renewed;
        continue;
      }
      standing = await this.#join(session, standing);
    }
    throw new Problem(
      'unavailable',
      'Others join and leave under this consumer id at the same time. Try again.',
      {
        retryAfterSeconds: 1,
      },
    );
  }

  /** The consumer's session where it has one that is not over, renewed where it is time for that. */
  async present(session: Session): Promise<Member | undefined> {
    const { groupId, consumerId, sessionMs } = session;
    const known = this.#find(await this.roll(groupId), consumerId);
    const standing = known ?? this.#find(await this.roll(groupId, 0), consumerId);
    if (standing === undefined) return undefined;
    const isDue =
      this.#isOpen(standing, sessionMs) && isDueForRenewal(standing, this.#deps.clock.now(), sessionMs);
    return isDue ? this.#renew(session, standing) : standing;
  }

  /** Ends the consumer's session, if it has one: what it holds is free then. */
  async leave(groupId: string, consumerId: string): Promise<void> {
    for (let attempt = 0; attempt < joinsAtMost; attempt += 1) {
      const standing = this.#find(await this.roll(groupId, 0), consumerId);
      if (standing === undefined) return;
      const isGone = await this.#deps.members.remove(groupId, standing);
      this.forget(groupId);
      if (isGone) return;
    }
    throw new Problem('unavailable', 'The consumer polls while it leaves. Try again.', {
      retryAfterSeconds: 1,
    });
  }

  /**
   * Those who are members at this moment, in order of consumer id. Those whose session is over are removed first: nothing of theirs
   * is taken before.
   */
  async live(groupId: string, sessionMs: number, maxAgeMs?: number): Promise<Roll> {
    const roll = await this.roll(groupId, maxAgeMs);
    const now = this.#deps.clock.now();
    const over = roll.members.filter((member) => !isLive(member, now, sessionMs));
    if (over.length === 0) return roll;
    const killed = new Set<Member>();
    for (const member of over) if (await this.#deps.members.remove(groupId, member)) killed.add(member);
    // One that could not be removed was renewed meanwhile: it is a member.
    return this.#keep(groupId, { ...roll, members: roll.members.filter((member) => !killed.has(member)) });
  }

  /** By its own clock a session ends earlier than others believe it: nobody acts in one that others may have ended. */
  #isOpen({ expiresAt }: Member, sessionMs: number): boolean {
    const now = this.#deps.clock.now();
    return expiresAt > now && expiresAt <= now + sessionMs + limits.clockAllowanceMs;
  }

  async #renew({ groupId, sessionMs }: Session, standing: Member): Promise<Member | undefined> {
    const now = this.#deps.clock.now();
    const wanted = { ...standing, expiresAt: now + sessionMs, polledAt: now };
    const renewed = await this.#deps.members.renew(groupId, wanted);
    this.#note(groupId, standing, renewed);
    return renewed;
  }

  async #join(
    { groupId, consumerId, sessionMs }: Session,
    former: Member | undefined,
  ): Promise<Member | undefined> {
    const { members } = await this.roll(groupId, Number.POSITIVE_INFINITY);
    if (former === undefined && members.length >= limits.membersPerGroup) {
      const detail = `A group has at most ${limits.membersPerGroup} members (limit membersPerGroup). Let others leave first.`;
      throw new Problem('limit_exceeded', detail, { members: exceededLimit('membersPerGroup') });
    }
    const now = this.#deps.clock.now();
    const times = { expiresAt: now + sessionMs, joinedAt: now, polledAt: now };
    const joining = { consumerId, memberEpoch: newId(this.#deps.random), ...times };
    const joined = await this.#deps.members.join(groupId, joining, former);
    this.#note(groupId, former, joined);
    return joined;
  }

  #find({ members }: Roll, consumerId: string): Member | undefined {
    return members.find((member) => member.consumerId === consumerId);
  }

  /** What a write showed of one member. */
  #note(groupId: string, former: Member | undefined, member: Member | undefined): void {
    const roll = this.#rolls.get(groupId);
    if (roll === undefined) return;
    const name = (former ?? member)?.consumerId;
    const others = roll.members.filter(({ consumerId }) => consumerId !== name);
    const members = member === undefined ? others : [...others, member];
    this.#keep(groupId, { ...roll, members: members.sort((a, b) => (a.consumerId < b.consumerId ? -1 : 1)) });
  }

  #keep(groupId: string, roll: Roll): Roll {
    this.#rolls.delete(groupId);
    this.#rolls.set(groupId, roll);
    dropOldest(this.#rolls, maxGroups);
    return roll;
  }
}

/** Whether the session of that owner is over, as a roll shows it that was read after the owner was seen. */
export const isOverIn =
  ({ members }: Roll) =>
  (owner: string): boolean =>
    !members.some((member) => ownerOf(member) === owner);
