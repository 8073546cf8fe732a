import type { Cursor } from '../../../lib/domain/groups/cursors.ts';
import type { PullDeps } from '../../../lib/groups/pull/deps.ts';
import type { MemberStore } from '../../../lib/stores/members.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { GroupsVariant } from './variant.ts';

/** Believes that a member is removed without removing it, and so takes what it has while it lives on. */
const killingNobody = (store: MemberStore): MemberStore => {
  const dead = new Set<string>();
  return {
    ...bound(store),
    list: async (groupId) => (await store.list(groupId)).filter(({ memberEpoch }) => !dead.has(memberEpoch)),
    remove: async (_groupId, read) => {
      dead.add(read.memberEpoch);
      return true;
    },
  };
};

/** A member whose session is over goes on with it. */
const goingOn = (store: MemberStore): MemberStore => {
  const last = new Map<string, string>();
  return {
    ...bound(store),
    join: async (groupId, member, replaced) => {
      const memberEpoch = last.get(member.consumerId) ?? member.memberEpoch;
      const joined = await store.join(groupId, { ...member, memberEpoch }, replaced);
      if (joined !== undefined) last.set(member.consumerId, joined.memberEpoch);
      return joined;
    },
  };
};

const bound = (store: MemberStore): MemberStore => ({
  list: (groupId) => store.list(groupId),
  join: (groupId, member, replaced) => store.join(groupId, member, replaced),
  renew: (groupId, member) => store.renew(groupId, member),
  remove: (groupId, read) => store.remove(groupId, read),
  deleteAll: (groupId) => store.deleteAll(groupId),
});

/** Writes something else of a cursor, or sees something else. */
const cursorsWith = (
  store: PullDeps['cursors'],
  {
    written = (next) => next,
    seen = (cursor) => cursor,
  }: {
    readonly written?: <C extends Cursor>(next: C) => C;
    readonly seen?: (cursor: Cursor) => Cursor;
  },
): PullDeps['cursors'] => ({
  get: async (ref) => {
    const cursor = await store.get(ref);
    return cursor && seen(cursor);
  },
  list: async (groupId, lane) =>
    new Map([...(await store.list(groupId, lane))].map(([partition, cursor]) => [partition, seen(cursor)])),
  replace: async (ref, read, next) => {
    const outcome = await store.replace(ref, read, written(next));
    if (outcome.done || outcome.standing === undefined) return outcome;
    return { done: false, standing: seen(outcome.standing) };
  },
});

/** Of a list with a record in it that is done, what is before that is forgotten. */
const forgetting = <C extends Cursor>(next: C): C => {
  const { runs = [] } = next;
  const done = runs.findIndex(({ state }) => state === 'acknowledged');
  const first = runs[done];
  return first === undefined ? next : { ...next, committed: first.end, runs: runs.slice(done + 1) };
};

/** What is unacknowledged stays so for as long as its member lives: there is always more time left. */
const withoutDeadline =
  (clock: Clock) =>
  (cursor: Cursor): Cursor =>
    cursor.ackUntil === undefined ? cursor : { ...cursor, ackUntil: clock.now() + 8000 };

/** The protocol without one of its rules, each on its own: what each rule is for. */
export const groupsMutants = {
  killsNobody: { name: 'takes what a member has without removing it first', members: killingNobody },
  goesOn: { name: 'renews a session that is over', members: goingOn },
  dropsEpochs: { name: 'takes an acknowledgement without its epoch', dropsEpochs: true },
  forgetsRuns: {
    name: 'forgets a run where records behind it are acknowledged',
    cursors: (store) => cursorsWith(store, { written: forgetting }),
  },
  noDeadline: {
    name: 'waits for a hand-over for as long as its holder lives',
    cursors: (store, clock) => cursorsWith(store, { seen: withoutDeadline(clock) }),
  },
  ignoresVersions: {
    name: 'replaces a cursor that is not what was read',
    table: (table) => ({
      replace: async (ref, _read, next) => {
        const standing = await table.get(ref);
        return standing?.writeId === next.writeId
          ? { done: true }
          : table.replace(ref, standing, { ...next, version: (standing?.version ?? 0) + 1 });
      },
    }),
  },
  hasNoBounds: { name: 'hands out without bounds', bounds: { records: 1000, runs: 1000 } },
  losesDeadLetters: {
    name: 'acknowledges a dead letter that was not written',
    appender: () => ({ append: async () => ({ base: 0, appendedAt: 0 }) }),
  },
} as const satisfies Record<string, GroupsVariant>;
