import type { PartitionRef } from '../domain/records/records.ts';
import type { SegmentStore } from '../stores/segments.ts';

/**
 * The same manifest, telling of every object that gave its place to another: who reads in this process need not believe for
 * some seconds more that it stands.
 */
export const announceReplaced = (
  segments: SegmentStore,
  announce: (at: PartitionRef, object: string) => void,
): SegmentStore => ({
  newest: (at) => segments.newest(at),
  seal: (at, segment, former) => segments.seal(at, segment, former),
  add: (at, segment) => segments.add(at, segment),
  floor: (at, offset, signal) => segments.floor(at, offset, signal),
  list: (at, range) => segments.list(at, range),
  replace: async (at, object, segment) => {
    try {
      return await segments.replace(at, object, segment);
    } finally {
      announce(at, object);
    }
  },
  delete: (at, segment) => segments.delete(at, segment),
  forgetNewest: (at) => segments.forgetNewest(at),
});
