import { mayBeSent } from '../../domain/delivery/sent-headers.ts';
import { contentTypeIn, headersOf, type RecordHeaders } from '../../domain/records/record-headers.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { Format } from './format.ts';
import { headerValue } from './header-values.ts';
import { placeOfOne } from './place-headers.ts';
import { sentType, valueBody } from './value.ts';

/** Of names that differ in nothing but case the first is sent: HTTP knows no difference. */
const sentHeaders = (headers: RecordHeaders): Record<string, string> => {
  const sent = new Map<string, string>();
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (mayBeSent(name) && !sent.has(name)) sent.set(name, headerValue(value));
  }
  return Object.fromEntries(sent);
};

const recordFacts = ({ key, timestamp, appendedAt }: LogRecord) => ({
  'millrace-timestamp': timestampText(timestamp),
  ...(appendedAt !== timestamp && { 'millrace-appended-at': timestampText(appendedAt) }),
  ...(key !== undefined && { 'millrace-key': headerValue(key) }),
});

/** A record's value alone is the body, as it was appended; what else the record has is in headers. */
export const raw: Format = {
  contentOf: (addressee, partition, [pending]) => {
    const { record } = pending;
    const headers = headersOf(record);
    const said = contentTypeIn(headers) ?? (record.valueBase64 ? 'application/octet-stream' : undefined);
    const type = sentType(record, said);
    return {
      headers: {
        ...(type !== undefined && { 'content-type': type }),
        ...placeOfOne(addressee, partition, pending),
        ...recordFacts(record),
      },
      recordHeaders: sentHeaders(headers),
      body: valueBody(record, type),
    };
  },
};
