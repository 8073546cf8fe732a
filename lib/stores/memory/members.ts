import type { Member } from '../../domain/groups/members.ts';
import { isSameSession, joined, renewed } from '../member-moves.ts';
import type { MemberStore } from '../members.ts';

/** Members in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryMemberStore implements MemberStore {
  /** By group id, then by consumer id. */
  readonly #groups = new Map<string, Map<string, Member>>();

  async list(groupId: string): Promise<readonly Member[]> {
    const members = [...(this.#groups.get(groupId)?.values() ?? [])];
    return members.sort((a, b) => (a.consumerId < b.consumerId ? -1 : 1));
  }

  async join(groupId: string, member: Member, replaced?: Member): Promise<Member> {
    const standing = this.#of(groupId).get(member.consumerId);
    return this.#keep(groupId, standing, joined(standing, member, replaced));
  }

  async renew(groupId: string, member: Member): Promise<Member | undefined> {
    const standing = this.#of(groupId).get(member.consumerId);
    const after = renewed(standing, member);
    return after && this.#keep(groupId, standing, after);
  }

  async remove(groupId: string, read: Member): Promise<boolean> {
    const members = this.#of(groupId);
    const standing = members.get(read.consumerId);
    if (standing?.memberEpoch !== read.memberEpoch) return true;
    return isSameSession(standing, read) && members.delete(read.consumerId);
  }

  async deleteAll(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
  }

  /** One that did not change stays as it is; of another a copy is kept. */
  #keep(groupId: string, standing: Member | undefined, member: Member): Member {
    if (member === standing) return standing;
    const kept = Object.freeze({ ...member });
    this.#of(groupId).set(member.consumerId, kept);
    return kept;
  }

  #of(groupId: string): Map<string, Member> {
    const members = this.#groups.get(groupId) ?? new Map<string, Member>();
    this.#groups.set(groupId, members);
    return members;
  }
}
