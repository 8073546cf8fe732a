import type { Pace } from '../domain/delivery/pace.ts';

/** The pace of which endpoint. */
export interface PaceRef {
  readonly groupId: string;
  readonly endpointId: string;
}

/** What came of a replace. Where it was not done, `standing` is what stood in the way, as of then or later. */
export type PaceReplaced =
  | { readonly done: true }
  | { readonly done: false; readonly standing: Pace | undefined };

/**
 * How endpoints are paced: one item each, of those alone that have such a setting. Each write is one conditional write of one item.
 * What was not written for a day is forgotten.
 *
 * Writes throw ThrottledError, NotSentError or OutcomeUnknownError; reads as every state store's.
 */
export interface PaceStore {
  /** Strongly consistent. */
  get(ref: PaceRef): Promise<Pace | undefined>;
  /**
   * Puts `next` in the place of what was read: where `version` and `writeId` are still those, or there is none. `next` has a version one
   * above, and a `writeId` of its own, by which a repetition recognises itself: the same again is done as long as it stands. A
   * `writeId` never comes back; so a copy that lands late does nothing, but that one of the first write of all may bring that write back
   * where everything was removed since.
   */
  replace(ref: PaceRef, read: Pace | undefined, next: Pace): Promise<PaceReplaced>;
  /** Removes those of all endpoints of a group. May be repeated. */
  deleteAll(groupId: string): Promise<void>;
}

/** Whether it is the very one that was read. */
export const isSamePace = (
  standing: Pick<Pace, 'version' | 'writeId'> | undefined,
  read: Pick<Pace, 'version' | 'writeId'> | undefined,
): boolean => standing?.version === read?.version && standing?.writeId === read?.writeId;
