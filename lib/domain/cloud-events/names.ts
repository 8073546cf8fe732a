/** Attributes of an event stand in the headers of its record as CloudEvents' binding to Kafka has them. */
export const attributePrefix = 'ce_';
/** The header of `datacontenttype`. */
export const contentTypeHeader = 'content-type';
/**
 * The header that says which attributes are no strings where the event came as JSON: `sequence=integer,replayed=boolean`. Else
 * they would come back as strings.
 */
export const typesHeader = 'millrace-ce-types';

/** CloudEvents 1.0, "Naming conventions". */
export const attributeName = /^[a-z0-9]+$/;

/** One CloudEvent as JSON. */
export const eventType = 'application/cloudevents+json';
/** A list of them. */
export const eventBatchType = 'application/cloudevents-batch+json';
