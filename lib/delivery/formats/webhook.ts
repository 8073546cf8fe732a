import { recordJson } from '../../domain/records/records.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { Pending } from '../pending.ts';
import type { Addressee, Format } from './format.ts';

/** The body of Standard Webhooks. Its timestamp is the append of the last record, so that it does not change. */
export const envelope = (
  { topic, name }: Addressee,
  partition: number,
  records: readonly Pick<Pending, 'appendedAt' | 'json'>[],
): string => {
  const head = JSON.stringify({ topic, group: name, partition }).slice(0, -1);
  const data = `${head},"records":[${records.map(({ json }) => json).join(',')}]}`;
  const timestamp = timestampText(records.at(-1)?.appendedAt ?? 0);
  return `{"type":"topic.records","timestamp":"${timestamp}","data":${data}}`;
};

/** The envelope of Standard Webhooks, with records as every answer shows them. */
export const webhook: Format = {
  textOf: recordJson,
  contentOf: (addressee, partition, records) => ({
    headers: { 'content-type': 'application/json' },
    body: envelope(addressee, partition, records),
  }),
};
