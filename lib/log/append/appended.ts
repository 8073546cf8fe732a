/** Where an append's records are. */
export interface Appended {
  /** Offset of its first record; the others follow it. */
  readonly base: number;
  /** Wall clock ms: the timestamp of records that came without one. */
  readonly appendedAt: number;
  /** They were there before: this append wrote nothing. */
  readonly replayed?: boolean;
}
