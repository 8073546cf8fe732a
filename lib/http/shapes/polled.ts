import { recordJson } from '../../domain/records/records.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { HandedOut, Polled } from '../../groups/pull/requests.ts';
import { joined } from './answers.ts';

const handedOutJson = ({ record, topic, deliveries }: HandedOut): string => {
  const more =
    (topic === undefined ? '' : `,"topic":${JSON.stringify(topic)}`) +
    (deliveries === undefined ? '' : `,"deliveries":${deliveries}`);
  return more === '' ? recordJson(record) : `${recordJson(record).slice(0, -1)}${more}}`;
};

/** The answer of a poll, as JSON. */
export const polledBody = (polled: Polled): Uint8Array<ArrayBuffer> => {
  const { assignment, epochs, unacknowledged, leaseUntil, ackUntil } = polled;
  const rest = {
    assignment,
    epochs: Object.fromEntries(epochs),
    ...(unacknowledged.length > 0 && { unacknowledged }),
    leaseUntil: timestampText(leaseUntil),
    ackUntil: timestampText(ackUntil),
  };
  const after = `],${JSON.stringify(rest).slice(1)}`;
  return joined(polled.records, { before: '{"records":[', between: ',', after, each: handedOutJson });
};
