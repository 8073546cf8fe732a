import type { NewRecord } from './records.ts';

/** Headers of a record, by their names as they were given. */
export type RecordHeaders = Readonly<Record<string, string>>;

export const headersOf = ({ headersJson }: Pick<NewRecord, 'headersJson'>): RecordHeaders =>
  headersJson === undefined ? {} : (JSON.parse(headersJson) as RecordHeaders);

/** The content type of a record's value, where its producer said one: its header of that name, in whatever case. */
export const contentTypeIn = (headers: RecordHeaders): string | undefined => {
  const found = Object.keys(headers).find((name) => name.toLowerCase() === 'content-type');
  return found === undefined ? undefined : headers[found];
};
