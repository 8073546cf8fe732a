import type { ArchiveOptions } from '../../../lib/archive/options.ts';

/** What a broker is started with. */
export interface Settings {
  readonly archive: Partial<ArchiveOptions>;
  readonly sweepMs: number;
}

/** What a process has taken since it began. */
export interface Taken {
  /** Bytes of memory, now and at most. */
  readonly rss: number;
  readonly mostRss: number;
  readonly cpuMs: number;
}
