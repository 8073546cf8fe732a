import { attributeName } from '../../../domain/cloud-events/names.ts';
import { JsonReader } from '../../../domain/json/reader.ts';
import { limits } from '../../../domain/limits.ts';
import { exceeded, givenTwice, located, type Report, takeBase64 } from '../../schemas/record-fields.ts';
import type { ProducedRecord, ProduceRequest } from '../../schemas/records.ts';
import { Faults } from '../faults.ts';
import { attributeNameRule, eventRecord, type ReadEvent } from './attributes.ts';

/** What is read of an event, as it grows. */
interface Growing {
  readonly attributes: Map<string, string>;
  readonly types: Map<string, 'integer' | 'boolean'>;
  data?: ReadEvent['data'];
}

const attributeRule = 'An attribute is a string, a whole number, true or false.';

/** Takes the value of an attribute. One that is null is as good as left out (CloudEvents' JSON format, 2.2). */
const takeAttribute = (
  reader: JsonReader,
  event: Growing,
  name: string,
  at: string,
  report: Report,
): void => {
  const { kind } = reader;
  if (kind === 'string') {
    event.attributes.set(name, reader.string());
    return;
  }
  const text = reader.value();
  if (kind === 'null') return;
  const isWhole = kind === 'number' && /^-?\d+$/.test(text);
  if (kind === 'boolean' || isWhole) {
    event.attributes.set(name, text);
    event.types.set(name, isWhole ? 'integer' : 'boolean');
  } else report(at, attributeRule);
};

const takeMember = (reader: JsonReader, event: Growing, name: string, at: string, report: Report): void => {
  if (name === 'data' || name === 'data_base64') {
    if (event.data !== undefined) report(at, 'Give either data or data_base64.');
    if (name === 'data') event.data = { valueJson: reader.value() };
    else if (reader.kind === 'null') reader.skip();
    else event.data = { valueBase64: takeBase64(reader, at, report) ?? '' };
  } else if (attributeName.test(name)) takeAttribute(reader, event, name, at, report);
  else {
    report(at, attributeNameRule);
    reader.skip();
  }
};

const takeEvent = (reader: JsonReader, path: string, report: Report): ProducedRecord | undefined => {
  if (reader.kind !== 'object') {
    reader.skip();
    return report(path, 'An event is an object.');
  }
  const event: Growing = { attributes: new Map(), types: new Map() };
  const pathOf = (name: string): string => (path === '' ? name : `${path}.${name}`).slice(0, 200);
  const seen = new Set<string>();
  reader.fields(() => {
    const { name } = reader;
    const at = pathOf(name);
    if (seen.has(name)) report(at, givenTwice);
    seen.add(name);
    located(
      () => at,
      () => takeMember(reader, event, name, at, report),
    );
  });
  return eventRecord(event, { path, pathOf, report });
};

const takeEvents = (reader: JsonReader, report: Report): readonly ProducedRecord[] => {
  const records: ProducedRecord[] = [];
  reader.items((index) => {
    if (index === limits.requestRecords) throw exceeded('limit_exceeded', 'requestRecords', 'events');
    const path = `[${index}]`;
    const record = located(
      () => path,
      () => takeEvent(reader, path, report),
    );
    if (record !== undefined) records.push(record);
  });
  return records;
};

/**
 * A request that is an event as JSON, or with `isBatch` a list of them, which may be empty.
 * @param text valid UTF-8.
 * @throws Problem `invalid_request`, `too_large`, `limit_exceeded`
 */
export const parseStructuredEvents = (text: Buffer, isBatch: boolean): ProduceRequest => {
  const faults = new Faults();
  const records: ProducedRecord[] = [];
  const whole = (): void => {
    const reader = new JsonReader(text, limits.jsonDepth);
    if (!isBatch) {
      const record = takeEvent(reader, '', faults.report);
      if (record !== undefined) records.push(record);
    } else if (reader.kind === 'array') records.push(...takeEvents(reader, faults.report));
    else {
      reader.skip();
      faults.report('', 'A batch of events is a list. One event alone is application/cloudevents+json.');
    }
    reader.end();
  };
  located(() => '', whole);
  faults.refuse();
  const pathOfEvent = (index: number): string => (isBatch ? `[${index}]` : 'event');
  return { records, pathOf: pathOfEvent, valuePathOf: (index) => `${pathOfEvent(index)}.data` };
};
