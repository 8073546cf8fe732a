import { eventJson, eventOf } from '../../domain/cloud-events/event.ts';
import { eventBatchType, eventType } from '../../domain/cloud-events/names.ts';
import type { Format } from './format.ts';
import { attributeValue } from './header-values.ts';
import { placeOfAll, placeOfOne } from './place-headers.ts';
import { sentType, valueBody } from './value.ts';

/** A list of CloudEvents in JSON: CloudEvents' batched mode (https://github.com/cloudevents/spec, HTTP binding, 3.3). */
export const batched: Format = {
  textOf: eventJson,
  contentOf: (addressee, partition, records) => ({
    headers: { 'content-type': eventBatchType, ...placeOfAll(addressee, partition, records) },
    body: `[${records.map(({ json }) => json).join(',')}]`,
  }),
};

/** A CloudEvent in JSON: the structured mode (HTTP binding, 3.2). */
export const structured: Format = {
  contentOf: (addressee, partition, [pending]) => ({
    headers: { 'content-type': eventType, ...placeOfOne(addressee, partition, pending) },
    body: eventJson(pending.record, addressee.topic),
  }),
};

/** By such a type a receiver knows the other modes. */
const isOfEvents = (contentType: string): boolean => /^application\/cloudevents/i.test(contentType);

/**
 * A CloudEvent whose attributes are headers and whose data is the body: the binary mode (HTTP binding, 3.1). An event whose data
 * are events is sent in the structured mode, which a receiver has to know as well: it would take the data for the event.
 */
export const binary: Format = {
  contentOf: (addressee, partition, records) => {
    const [pending] = records;
    const { attributes, contentType } = eventOf(pending.record, addressee.topic);
    const type = sentType(pending.record, contentType);
    if (type !== undefined && isOfEvents(type)) return structured.contentOf(addressee, partition, records);
    const events = attributes.map(({ name, value }) => [`ce-${name}`, attributeValue(value)]);
    return {
      headers: {
        ...Object.fromEntries(events),
        ...(type !== undefined && { 'content-type': type }),
        ...placeOfOne(addressee, partition, pending),
      },
      body: valueBody(pending.record, type),
    };
  },
};
