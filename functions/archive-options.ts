import { type ArchiveOptions, archiveDefaults } from '../lib/archive/options.ts';

/** What the environment says of the archive. */
interface ArchiveSettings {
  readonly MILLRACE_SEGMENT_MAX_BYTES: number;
  readonly MILLRACE_SEGMENT_MAX_AGE_SECONDS: number;
  /** Of the local runtime alone. */
  readonly MILLRACE_TRIM_MIN_AGE_SECONDS?: number;
}

/** When a segment is sealed, and a batch may be deleted, as the environment says. */
export const archiveOptions = (environment: ArchiveSettings): ArchiveOptions => {
  const { MILLRACE_TRIM_MIN_AGE_SECONDS: trimMinAgeSeconds } = environment;
  return {
    ...archiveDefaults,
    segmentMaxBytes: environment.MILLRACE_SEGMENT_MAX_BYTES,
    segmentMaxAgeMs: environment.MILLRACE_SEGMENT_MAX_AGE_SECONDS * 1000,
    ...(trimMinAgeSeconds !== undefined && { trimMinAgeMs: trimMinAgeSeconds * 1000 }),
  };
};
