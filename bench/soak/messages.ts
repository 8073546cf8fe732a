/** What the broker of a soak tells when it has begun. */
export interface Ready {
  readonly url: string;
  readonly key: string;
}

/** A question for its memory: as it is, or after everything that nobody refers to was collected. */
export interface Asked {
  readonly collect: boolean;
}

/** Bytes, as `process.memoryUsage()` counts them. */
export interface Memory {
  readonly rss: number;
  /** The part of `rss` that is pages of files, which the system takes back when it needs them; 0 where it does not say. */
  readonly files: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly arrayBuffers: number;
  /** CPU time of the process since it began, µs. */
  readonly cpuMicros: number;
}
