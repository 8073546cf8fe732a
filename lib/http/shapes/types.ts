/** By which programs call lines of JSON; none of these is registered. */
export const lineTypes: readonly string[] = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
];

/** One CloudEvent as JSON. */
export const eventType = 'application/cloudevents+json';
/** A list of them. */
export const eventBatchType = 'application/cloudevents-batch+json';
