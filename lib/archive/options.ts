import { limits } from '../domain/limits.ts';

/** Every knob of the archive. */
export interface ArchiveOptions {
  /** A segment is sealed when the batches that are not archived hold so many bytes of `data`. */
  readonly segmentMaxBytes: number;
  /** Or when the oldest of them is so old, ms. */
  readonly segmentMaxAgeMs: number;
  /**
   * A segment is sealed when its records are so many bytes of JSON, before compression, though it has not the size: what
   * an archiver and a reader must have time and room for.
   */
  readonly segmentMaxDecodedBytes: number;
  /** The safety floor of DESIGN §5, ms: no younger batch is deleted. Only the local runtime may lower it. */
  readonly trimMinAgeMs: number;
}

export const archiveDefaults: ArchiveOptions = {
  segmentMaxBytes: 16 * 1024 * 1024,
  segmentMaxAgeMs: 60 * 60_000,
  segmentMaxDecodedBytes: 64 * 1024 * 1024,
  trimMinAgeMs: limits.trimMinAgeMs,
};
