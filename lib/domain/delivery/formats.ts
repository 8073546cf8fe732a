/** How requests are made of records: the setting `delivery.format` of a group. */
export const deliveryFormats = [
  'webhook',
  'cloudevents-batch',
  'cloudevents-structured',
  'cloudevents-binary',
  'raw',
] as const;

export type DeliveryFormat = (typeof deliveryFormats)[number];

/** Those in which a request has as many records as `batchSize` allows. */
export const batchFormats: readonly DeliveryFormat[] = ['webhook', 'cloudevents-batch'];

/** Whether a request has one record, whatever `batchSize` is. */
export const hasOneRecord = (format: DeliveryFormat): boolean => !batchFormats.includes(format);
