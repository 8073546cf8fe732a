import type { Cursor } from '../domain/cursors.ts';
import { newId } from '../stores/ids.ts';
import type { Random } from '../stores/random.ts';

/** Who holds a lease: the queue's message that is answered, and the one run that answers it now. */
export const newOwner = (messageId: string, random: Random): string => `${messageId}/${newId(random)}`;

/** Whether the cursor was last leased by a run that answers this message. */
export const isOwnedBy = (cursor: Cursor | undefined, messageId: string): boolean =>
  cursor?.owner?.startsWith(`${messageId}/`) === true;
