import type { Cursor } from '../../domain/groups/cursors.ts';
import { hasGivenUp, type Resend } from '../../domain/groups/resends.ts';

export type ResendState = 'running' | 'done' | 'given-up';

/** How far a resend is in one partition. Offsets; `to` exclusive. */
export interface PartitionResend {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** The next to be sent. */
  readonly next: number;
  readonly state: ResendState;
  /** Records of messages that the endpoint refused, which were passed over. */
  readonly refused: number;
  /** Records that retention had taken. */
  readonly lost: number;
  /** Failed attempts of the next message, when the next is (wall clock ms), and why the last failed. */
  readonly attempts: number;
  readonly retryAt?: number;
  readonly lastFailure?: string;
}

/** How far it is in every partition, by number. @param lane its cursors. */
export const resendProgress = (
  { ranges }: Pick<Resend, 'ranges'>,
  lane: ReadonlyMap<number, Cursor>,
): readonly PartitionResend[] =>
  Object.entries(ranges)
    .map(([partition, [from, to]]) => inPartition(Number(partition), from, to, lane.get(Number(partition))))
    .toSorted((a, b) => a.partition - b.partition);

const inPartition = (
  partition: number,
  from: number,
  to: number,
  cursor: Cursor | undefined,
): PartitionResend => {
  const {
    committed = from,
    deadLettered = 0,
    lost = 0,
    attempts = 0,
    retryAt = 0,
    lastFailure,
  } = cursor ?? {};
  const next = Math.min(Math.max(committed, from), to);
  const isEnded = cursor !== undefined && hasGivenUp(cursor);
  return {
    partition,
    from,
    to,
    next,
    state: next === to ? 'done' : isEnded ? 'given-up' : 'running',
    refused: deadLettered,
    lost,
    attempts,
    ...(retryAt > 0 && { retryAt }),
    ...(lastFailure !== undefined && { lastFailure }),
  };
};

/** Of all partitions together. */
export const resendState = (partitions: readonly Pick<PartitionResend, 'state'>[]): ResendState => {
  const states = new Set(partitions.map(({ state }) => state));
  if (states.has('running')) return 'running';
  return states.has('given-up') ? 'given-up' : 'done';
};
