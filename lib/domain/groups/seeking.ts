import { type Cursor, newCursor } from './cursors.ts';

/** Where a group is to go on in a partition. */
export interface Seek {
  /** The next offset to be delivered or handed out. */
  readonly to: number;
  /** Where the group began there. */
  readonly began: number;
  /** The oldest offset that can be read. */
  readonly oldest: number;
}

/**
 * The cursor after a seek: it stands at `to`, whoever held something is fenced by the epoch, and nothing is in hand or waited for
 * any more. What was lost stays counted, and what retention took up to now is.
 */
export const sought = (standing: Cursor | undefined, { to, began, oldest }: Seek): Cursor => {
  const { committed, epoch, lost = 0, filtered, deadLettered } = standing ?? newCursor(began);
  const lostByNow = lost + Math.max(0, oldest - committed);
  return {
    ...newCursor(to),
    epoch: epoch + 1,
    ...(lostByNow > 0 && { lost: lostByNow }),
    ...(filtered !== undefined && { filtered }),
    ...(deadLettered !== undefined && { deadLettered }),
  };
};

const ofNoHolder: ReadonlySet<string> = new Set<keyof Cursor>([
  'committed',
  'epoch',
  'leaseUntil',
  'attempts',
  'retryAt',
  'lost',
  'filtered',
  'deadLettered',
  'version',
  'writeId',
]);

/** Whether a cursor is as a seek leaves it: at `to`, and nobody holds or waits for anything. Then there is nothing to do. */
export const isSought = (cursor: Cursor, { to }: Pick<Seek, 'to'>): boolean =>
  cursor.committed === to &&
  cursor.leaseUntil === 0 &&
  cursor.attempts === 0 &&
  cursor.retryAt === 0 &&
  Object.keys(cursor).every((name) => ofNoHolder.has(name));
