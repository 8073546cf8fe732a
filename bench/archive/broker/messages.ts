import type { ArchiveOptions } from '../../../lib/archive/options.ts';

/** What a broker is started with. */
export interface Settings {
  readonly archive: Partial<ArchiveOptions>;
  readonly sweepMs: number;
}

/** Bytes of memory that a process takes. */
export interface Memory {
  readonly now: number;
  /** Since it began. */
  readonly most: number;
}
