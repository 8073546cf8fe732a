import { CommandError } from '../failure.ts';

/** Which columns of a Parquet file are what of a record. */
export interface Mapping {
  readonly key?: string | undefined;
  /** One column is the value; of several, or of all that are nothing else where none is named, an object is made. */
  readonly values: readonly string[];
  readonly timestamp?: string | undefined;
  readonly partition?: string | undefined;
  /** By the names of the headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws CommandError for a header that is not `name=column`. */
export const headersOf = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1 || at === text.length - 1)
        throw new CommandError(`--header: name=column, not ${JSON.stringify(text)}.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

export const isMapped = ({ key, values, timestamp, partition, headers }: Mapping): boolean =>
  [key, timestamp, partition].some((column) => column !== undefined) ||
  values.length > 0 ||
  Object.keys(headers).length > 0;
