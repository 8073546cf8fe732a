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
    }
  | { readonly kind: 'group'; readonly id: string; readonly requestedAt: number };

export interface RemovalStore {
  put(removal: Removal): Promise<void>;
  list(limit: number): Promise<readonly Removal[]>;
  /** Ends it: all of it is gone. */
  delete(removal: Removal): Promise<void>;
}
