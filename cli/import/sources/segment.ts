import { rowGroupsOf } from '../../segment-file.ts';
import type { Source } from '../source.ts';

/** A file of the archive, or of an export: its records are read as the broker reads them. */
export const segmentSource = (path: string): Source => {
  let fraction = 0;
  return {
    path,
    unit: 'row',
    get fraction() {
      return fraction;
    },
    records: async function* () {
      let at = 0;
      for await (const group of rowGroupsOf(path)) {
        for (const { partition, offset: _offset, appendedAt: _appendedAt, ...record } of group.records) {
          at += 1;
          yield { record, partition, at };
        }
        ({ fraction } = group);
      }
      fraction = 1;
    },
  };
};
