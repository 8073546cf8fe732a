import type { Cursor } from '../domain/groups/cursors.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import type { Run } from './deps.ts';

/** Who holds a lease: a message of the queue that is answered, and the one run that answers it now. */
export const newOwner = ([messageId]: Run['messageIds'], random: Random): string =>
  `${messageId}/${newId(random)}`;

/** Whether the cursor was last leased by a run that answers one of these messages. */
export const isOwnedBy = (cursor: Cursor | undefined, messageIds: Run['messageIds']): boolean =>
  messageIds.some((messageId) => cursor?.owner?.startsWith(`${messageId}/`) === true);
