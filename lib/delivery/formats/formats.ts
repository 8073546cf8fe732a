import type { DeliveryFormat } from '../../domain/delivery/formats.ts';
import {
  type DeliverySettings,
  deliveryDefaults,
  effectiveDelivery,
  type PushGroup,
} from '../../domain/groups/groups.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import { batched, binary, structured } from './cloud-events.ts';
import type { Format } from './format.ts';
import { raw } from './raw.ts';
import { webhook } from './webhook.ts';

const formats: Readonly<Record<DeliveryFormat, Format>> = {
  webhook,
  'cloudevents-batch': batched,
  'cloudevents-structured': structured,
  'cloudevents-binary': binary,
  raw,
};

/** The format of a group's requests, as it was stored by whatever version. */
export const formatOf = ({ format = deliveryDefaults.format }: Partial<DeliverySettings>): Format =>
  formats[format];

/** What one request of a group takes of the records from an offset on: those that it had before, or as many as it may have. */
export const wantedBy = (
  { topic, delivery }: Pick<PushGroup, 'topic' | 'delivery'>,
  { from, end }: { readonly from: number; readonly end: number | undefined },
) => {
  const { textOf } = formatOf(delivery);
  const maxRecords = effectiveDelivery(delivery).batchSize;
  // A message that was begun in another format is cut.
  if (textOf === undefined) return { from, maxRecords, textOf: () => '' };
  return {
    from,
    maxRecords,
    textOf: (record: LogRecord) => textOf(record, topic),
    ...(end !== undefined && { end }),
  };
};
