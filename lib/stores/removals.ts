/**
 * What a deleted topic or group leaves behind, written down *before* its name is removed, so that whatever crash comes
 * in between, sweep finds it and finishes.
 */
export type Removal =
  | {
      readonly kind: 'topic';
      readonly id: string;
      readonly name: string;
      readonly partitions: number;
      /** Wall clock ms. */
      readonly requestedAt: number;
      /** Wall clock ms by which every partition was closed. Set by sweep, which deletes nothing before. */
      readonly closedAt?: number;
    }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly name: string;
      /** Where the group stood. */
      readonly topicId: string;
      /** Wall clock ms. */
      readonly requestedAt: number;
    };

export interface RemovalStore {
  /** The same kind and id again replaces it. */
  put(removal: Removal): Promise<void>;
  list(limit: number): Promise<readonly Removal[]>;
  /** Ends it: all of it is gone. */
  delete(removal: Removal): Promise<void>;
}
