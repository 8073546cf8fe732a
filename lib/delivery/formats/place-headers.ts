import type { Pending } from '../pending.ts';
import type { Addressee } from './format.ts';

/** An offset for each gap that compaction has left: what many servers take in one header is several times as long. */
const longestOffsets = 2048;

/** `40-43,47`: offsets in ranges, their ends among them. */
const rangesOf = (offsets: readonly number[]): string => {
  const ranges: string[] = [];
  let [first, last] = [Number.NaN, Number.NaN];
  const end = (): void => {
    if (!Number.isNaN(first)) ranges.push(first === last ? `${first}` : `${first}-${last}`);
  };
  for (const offset of offsets) {
    if (offset !== last + 1) {
      end();
      first = offset;
    }
    last = offset;
  }
  end();
  return ranges.join(',');
};

const topicHeaders = ({ topic, name }: Addressee, partition: number) => ({
  'millrace-topic': topic,
  'millrace-group': name,
  'millrace-partition': `${partition}`,
});

/** Where the record of a request is from. */
export const placeOfOne = (addressee: Addressee, partition: number, { offset }: Pending) => ({
  ...topicHeaders(addressee, partition),
  'millrace-offset': `${offset}`,
});

/** Where the records of a request are from, the first of its body first. Their offsets are left out where they are too many to list. */
export const placeOfAll = (addressee: Addressee, partition: number, records: readonly Pending[]) => {
  const offsets = rangesOf(records.map(({ offset }) => offset));
  return {
    ...topicHeaders(addressee, partition),
    ...(offsets.length <= longestOffsets && { 'millrace-offsets': offsets }),
  };
};
