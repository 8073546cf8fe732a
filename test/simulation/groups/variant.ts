import type { Bounds } from '../../../lib/domain/groups/runs/hand-out.ts';
import type { PullDeps } from '../../../lib/groups/pull/deps.ts';
import type { MemberStore } from '../../../lib/stores/members.ts';
import type { MemoryCursorStore } from '../../../lib/stores/memory/cursors.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';

/** What a mutant changes: what one process works with, or what is at the other end. */
export interface GroupsVariant {
  readonly name: string;
  readonly cursors?: (store: PullDeps['cursors'], clock: Clock) => PullDeps['cursors'];
  /** The cursors as they are at the other end. */
  readonly table?: (table: MemoryCursorStore) => Pick<PullDeps['cursors'], 'replace'>;
  readonly members?: (store: MemberStore) => MemberStore;
  readonly appender?: (appender: PullDeps['appender']) => PullDeps['appender'];
  /** In place of those that the world watches over. */
  readonly bounds?: Bounds;
  /** What consumers say of epochs is not looked at. */
  readonly dropsEpochs?: boolean;
}

export const genuine: GroupsVariant = { name: 'the protocol as it is' };
