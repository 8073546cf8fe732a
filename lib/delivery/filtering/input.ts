import { type JsonText, jsonText } from '../../domain/json/text.ts';
import { type LogRecord, recordJson } from '../../domain/records/records.ts';

const isJson = (text: string): text is JsonText => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Undefined for what is no UTF-8. */
const textOf = (base64: string): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
};

/**
 * What an expression is given of a record, as JSON: the record as a message shows it, with the topic's name. Bytes that are JSON
 * in UTF-8 are its `value`, as if they had been given as JSON; other UTF-8 is a text; what is neither stays in `valueBase64`.
 */
export const expressionInput = (topic: string, record: LogRecord): string => {
  const { valueBase64, ...rest } = record;
  const text = valueBase64 === undefined ? undefined : textOf(valueBase64);
  const shown = text === undefined ? record : { ...rest, valueJson: isJson(text) ? text : jsonText(text) };
  return `{"topic":${JSON.stringify(topic)},${recordJson(shown).slice(1)}`;
};
