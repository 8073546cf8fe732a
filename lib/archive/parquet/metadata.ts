import type { KeyValue } from 'hyparquet';
import type { SegmentAbout } from '../format.ts';
import { formatVersion } from './schema.ts';

/** What a segment says of itself, beside its records, as key-value metadata of the file. */
export interface SegmentMetadata {
  readonly about: SegmentAbout;
  /** The offset after the last that it covers. */
  readonly end: number;
  /** CRC-32 of each row group's bytes. */
  readonly checksums: readonly number[];
}

const checksumDigits = 8;

/** Any file that says in which format it is, in words, is one of ours. */
export const metadataOf = ({ about, end, checksums }: SegmentMetadata): KeyValue[] => {
  const { topic, topicId, partition, start } = about;
  const crc = checksums.map((sum) => sum.toString(16).padStart(checksumDigits, '0')).join('');
  const values = {
    format: formatVersion,
    topic_id: topicId,
    topic,
    partition,
    start,
    end,
    row_group_crc32: crc,
  };
  return Object.entries(values).map(([name, value]) => ({ key: `millrace.${name}`, value: String(value) }));
};

/**
 * The inverse of `metadataOf`.
 * @throws Error whose message says what is wrong.
 */
export const readMetadata = (keyValues: readonly KeyValue[]): SegmentMetadata => {
  const values = new Map(keyValues.map(({ key, value }) => [key, value]));
  const text = (name: string): string => {
    const value = values.get(`millrace.${name}`);
    if (value === undefined) throw new Error(`It says no millrace.${name}.`);
    return value;
  };
  const whole = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value) || value < 0)
      throw new Error(`Its millrace.${name} is no whole number.`);
    return value;
  };
  const format = whole('format');
  if (format !== formatVersion)
    throw new Error(`It is in format ${format}, and this version reads ${formatVersion}.`);
  const crc = text('row_group_crc32');
  const about = {
    topic: text('topic'),
    topicId: text('topic_id'),
    partition: whole('partition'),
    start: whole('start'),
  };
  return {
    about,
    end: whole('end'),
    checksums: (crc.match(/.{8}/g) ?? []).map((digits) => Number.parseInt(digits, 16)),
  };
};
