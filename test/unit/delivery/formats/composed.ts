import { formatOf } from '../../../../lib/delivery/formats/formats.ts';
import { composeMessage, type Message } from '../../../../lib/delivery/message.ts';
import type { Pending } from '../../../../lib/delivery/pending.ts';
import type { DeliveryFormat } from '../../../../lib/domain/delivery/formats.ts';
import type { LogRecord } from '../../../../lib/domain/records/records.ts';
import { type GivenRecord, recordOf } from '../../../harness/records.ts';

const group = { groupId: 'g1', name: 'billing', topic: 'orders' };
export const appendedAt = Date.UTC(2026, 0, 1);

/** Records of partition 3, from offset 40 on. */
export const logged = (...given: readonly GivenRecord[]): readonly LogRecord[] =>
  given.map((each, index) => ({
    timestamp: appendedAt,
    ...recordOf(each),
    partition: 3,
    offset: 40 + index,
    appendedAt,
  }));

/** The message of `records` in a format, as a delivery makes it. */
export const composed = (format: DeliveryFormat, records: readonly LogRecord[]): Message => {
  const { textOf = () => '' } = formatOf({ format });
  const [first, ...others] = records.map(
    (record): Pending => ({ ...record, json: textOf(record, group.topic), record }),
  );
  if (first === undefined) throw new Error('A message has a record.');
  return composeMessage({ ...group, delivery: { format } }, 3, [first, ...others]);
};
