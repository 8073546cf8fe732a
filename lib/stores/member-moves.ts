import type { Member } from '../domain/groups/members.ts';

/*
 * The moves of a member as functions of what stands, for the adapters that look at it themselves: `MemberStore` says what each
 * promises. They give what stands after the move.
 */

/** Whether it was not renewed, nor made anew, since it was read. */
export const isSameSession = (standing: Member, read: Pick<Member, 'memberEpoch' | 'expiresAt'>): boolean =>
  standing.memberEpoch === read.memberEpoch && standing.expiresAt === read.expiresAt;

export const joined = (
  standing: Member | undefined,
  member: Member,
  replaced: Member | undefined,
): Member => {
  if (standing === undefined) return member;
  return replaced !== undefined && isSameSession(standing, replaced) ? member : standing;
};

export const renewed = (standing: Member | undefined, member: Member): Member | undefined => {
  const { memberEpoch, expiresAt, polledAt } = member;
  if (standing === undefined) return undefined;
  const mayRenew =
    standing.memberEpoch === memberEpoch && standing.expiresAt > polledAt && standing.expiresAt < expiresAt;
  return mayRenew ? { ...standing, expiresAt, polledAt } : standing;
};
