import type { Member } from '../../domain/groups/members.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { isSameSession, joined, renewed } from '../member-moves.ts';
import type { MemberStore } from '../members.ts';
import type { Database } from './database.ts';

interface Row {
  readonly member: string;
}

export interface SqliteMemberStore extends MemberStore {
  /** Deletes those that expired a day ago or longer. @returns how many. */
  expire(): Promise<number>;
}

const keptMs = 24 * 60 * 60_000;

/** Members on SQLite. One that a power failure takes joins again. */
export const sqliteMemberStore = (database: Database, clock: Pick<Clock, 'now'>): SqliteMemberStore => {
  const find = (groupId: string, consumerId: string): Member | undefined => {
    const sql = 'SELECT member FROM members WHERE group_id = ? AND consumer_id = ?';
    const row = database.one<Row>(sql, groupId, consumerId);
    return row && (JSON.parse(row.member) as Member);
  };

  /** Keeps what `move` makes of the one that stands, which it gives back. */
  const change = <M extends Member | undefined>(
    groupId: string,
    consumerId: string,
    move: (standing: Member | undefined) => M,
  ): Promise<M> =>
    database.write('process', () => {
      const standing = find(groupId, consumerId);
      const member = move(standing);
      if (member !== undefined && member !== standing) {
        const sql =
          'INSERT OR REPLACE INTO members (group_id, consumer_id, member, expires_at) VALUES (?, ?, ?, ?)';
        database.run(sql, groupId, consumerId, JSON.stringify(member), member.expiresAt);
      }
      return member;
    });

  return {
    list: async (groupId) =>
      database
        .all<Row>('SELECT member FROM members WHERE group_id = ? ORDER BY consumer_id', groupId)
        .map(({ member }) => JSON.parse(member) as Member),
    join: (groupId, member, replaced) =>
      change(groupId, member.consumerId, (standing) => joined(standing, member, replaced)),
    renew: (groupId, member) => change(groupId, member.consumerId, (standing) => renewed(standing, member)),
    remove: (groupId, read) =>
      database.write('process', () => {
        const standing = find(groupId, read.consumerId);
        if (standing?.memberEpoch !== read.memberEpoch) return true;
        if (!isSameSession(standing, read)) return false;
        database.run('DELETE FROM members WHERE group_id = ? AND consumer_id = ?', groupId, read.consumerId);
        return true;
      }),
    deleteAll: (groupId) =>
      database.write('process', () => {
        database.run('DELETE FROM members WHERE group_id = ?', groupId);
      }),
    expire: () =>
      database.write('process', () =>
        database.run('DELETE FROM members WHERE expires_at <= ?', clock.now() - keptMs),
      ),
  };
};
