import { createHash } from 'node:crypto';
import type { DeliverySettings, PushGroup } from '../domain/groups/groups.ts';
import type { Origin } from '../domain/records/origin.ts';
import type { Content } from './formats/format.ts';
import { formatOf } from './formats/formats.ts';
import { envelope } from './formats/webhook.ts';
import type { Pending } from './pending.ts';

/** One webhook message: the records of one partition from `start` to `end`. */
export interface Message extends Content {
  /**
   * `<groupId>-<partition>-<start>-<end>`: the same records have the same id, and the same id the same records. Where a filter
   * or a transform makes others of them, `-` and a digest of these are behind it; and so are those of the offsets, where some between
   * the first and the last are in other messages.
   */
  readonly id: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly records: number;
  /** Of the records, in order. */
  readonly offsets: readonly number[];
  /** Wall clock ms of the oldest record's append. */
  readonly appendedAt: number;
  /** The call that the first record came with, where its batch knows it. */
  readonly origin?: Origin;
}

type MessageGroup = Pick<PushGroup, 'groupId' | 'name' | 'topic'> & {
  readonly delivery?: Partial<Pick<DeliverySettings, 'format' | 'filter' | 'transform'>>;
};

const digestOf = ({ delivery: { filter, transform } = {} }: MessageGroup): string => {
  if (filter === undefined && transform === undefined) return '';
  const digest = createHash('sha256').update(JSON.stringify([filter, transform]));
  return `-${digest.digest('hex').slice(0, 8)}`;
};

/** What tells a message apart from others that begin and end where it does. */
const spreadDigest = (records: readonly Pending[]): string => {
  const offsets = records.map(({ offset }) => offset);
  const [first = 0] = offsets;
  if ((offsets.at(-1) ?? 0) - first + 1 === offsets.length) return '';
  return `-${createHash('sha256').update(offsets.join()).digest('hex').slice(0, 12)}`;
};

/**
 * The message of `records`. What it sends depends on nothing but these and the group's name, topic and settings, so that each
 * attempt sends the same bytes.
 * @param records at least one; with what the group's format takes for their text; all that there are from the first to the last, unless
 * they may be `isSpread`.
 */
export const composeMessage = (
  group: MessageGroup,
  partition: number,
  records: readonly [Pending, ...Pending[]],
  { isSpread = false }: { readonly isSpread?: boolean } = {},
): Message => {
  const [first] = records;
  const last = records.at(-1) ?? first;
  const [start, end] = [first.offset, last.offset + 1];
  return {
    id: `${group.groupId}-${partition}-${start}-${end}${isSpread ? spreadDigest(records) : ''}${digestOf(group)}`,
    start,
    end,
    records: records.length,
    offsets: records.map(({ offset }) => offset),
    appendedAt: first.appendedAt,
    ...(first.origin !== undefined && { origin: first.origin }),
    ...formatOf(group.delivery ?? {}).contentOf(group, partition, records),
  };
};

/** UTF-8 bytes of a message's body beside its records and the commas between them: in the format that has most. */
export const envelopeBytes = (group: MessageGroup, partition: number): number =>
  Buffer.byteLength(envelope(group, partition, [{ appendedAt: 0, json: '' }]));
