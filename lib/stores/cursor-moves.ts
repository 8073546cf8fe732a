import type { Outage } from '../domain/delivery/retry.ts';
import type { Cursor, CursorPlace } from '../domain/groups/cursors.ts';
import type { Acquisition, Commit, Release, VersionedCursor } from './cursors.ts';

/*
 * The moves of a cursor as functions of what stands, for the adapters that look at it themselves: `CursorStore` says what
 * each promises. They give the cursor as it is after the move; undefined where it may not be made.
 */

const isAsRead = (standing: Cursor | undefined, read: Cursor | undefined): boolean =>
  standing === undefined || read === undefined
    ? standing === read
    : standing.epoch === read.epoch &&
      standing.committed === read.committed &&
      standing.leaseUntil === read.leaseUntil &&
      standing.retryAt === read.retryAt &&
      standing.pendingEnd === read.pendingEnd &&
      standing.version === read.version;

/** The same cursor where the lease that stands is already this acquisition's. */
export const acquired = (standing: Cursor | undefined, acquisition: Acquisition): Cursor | undefined => {
  const { read, owner, leaseUntil } = acquisition;
  if (!isAsRead(standing, read)) {
    const isMine = standing?.owner === owner && standing.epoch === (read?.epoch ?? 0) + 1;
    return isMine ? standing : undefined;
  }
  const before: Cursor = standing ?? {
    committed: acquisition.startOffset,
    epoch: 0,
    leaseUntil: 0,
    attempts: 0,
    retryAt: 0,
  };
  const pendingEnd = before.pendingEnd ?? acquisition.pendingEnd;
  return {
    ...before,
    epoch: before.epoch + 1,
    owner,
    leaseUntil,
    ...(pendingEnd !== undefined && { pendingEnd }),
  };
};

/** The same cursor where the commit has landed already. */
export const moved = (standing: Cursor | undefined, commit: Commit): Cursor | undefined => {
  const { epoch, committed, leaseUntil, pendingEnd, lost, filtered, deadLettered, suspectEnd, deadRow } =
    commit;
  if (standing?.epoch !== epoch || standing.committed > committed) return undefined;
  if (standing.committed === committed && standing.leaseUntil === 0) return standing;
  const { owner, pendingEnd: _delivered, lastFailure: _why, ...rest } = withoutOutage(standing);
  const { deadRow: _row, ...others } = withoutRefusals(rest);
  return {
    // Its version above all: by that a `replace` that lands late is known.
    ...others,
    committed,
    ...(leaseUntil > 0 && owner !== undefined && { owner }),
    leaseUntil,
    attempts: 0,
    retryAt: 0,
    ...(pendingEnd !== undefined && { pendingEnd }),
    ...(lost !== undefined && { lost }),
    ...(filtered !== undefined && { filtered }),
    ...(deadLettered !== undefined && { deadLettered }),
    ...(suspectEnd !== undefined && { suspectEnd }),
    ...(deadRow !== undefined && { deadRow }),
  };
};

const withoutOutage = <C extends Partial<Outage>>({
  failingSince: _since,
  failedAt: _last,
  outageMs: _counted,
  ...others
}: C) => others;

type Refusals = Pick<Cursor, 'refusals' | 'refusedSince' | 'suspectEnd' | 'stuck'>;

const withoutRefusals = <C extends Refusals>({
  refusals: _count,
  refusedSince: _since,
  suspectEnd: _end,
  stuck: _records,
  ...others
}: C) => others;

export const released = (standing: Cursor | undefined, { epoch, retry }: Release): Cursor | undefined => {
  if (standing?.epoch !== epoch) return undefined;
  const { owner: _gone, ...rest } = standing;
  if (retry === undefined) return { ...rest, leaseUntil: 0 };
  const { outage, ...failure } = retry;
  return { ...withoutRefusals(withoutOutage(rest)), ...failure, ...outage, leaseUntil: 0 };
};

/** The same cursor where it stands already. */
export const replaced = (
  standing: Cursor | undefined,
  read: Cursor | undefined,
  next: VersionedCursor,
): Cursor | undefined => {
  if (standing?.version === next.version && standing.writeId === next.writeId) return standing;
  return isAsRead(standing, read) ? next : undefined;
};

/** What a cursor says of its place. */
export const placeOf = ({ committed, lost, filtered, deadLettered }: Cursor): CursorPlace => ({
  committed,
  ...(lost !== undefined && { lost }),
  ...(filtered !== undefined && { filtered }),
  ...(deadLettered !== undefined && { deadLettered }),
});
