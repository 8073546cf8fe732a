import type { Cursor } from '../domain/groups/cursors.ts';
import { decodeRuns, encodeRuns } from '../domain/groups/runs/encode.ts';

/** A cursor as it is kept: its runs are text, of which the first begins at `committed`. */
export type KeptCursor = Omit<Cursor, 'runs'> & { readonly runs?: string };

/** The text does not say fractions of ms, nor how often that was handed out which is done with. */
export const toKept = ({ runs, ...cursor }: Cursor): KeptCursor => ({
  ...cursor,
  ...(runs !== undefined && { runs: encodeRuns(runs) }),
});

/** @throws Error when a later version wrote its runs. */
export const fromKept = ({ runs, ...cursor }: KeptCursor): Cursor => ({
  ...cursor,
  ...(runs !== undefined && { runs: decodeRuns(cursor.committed, runs) }),
});
