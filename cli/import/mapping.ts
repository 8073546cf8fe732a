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

const refuseTwice = (option: string, names: readonly string[]): void => {
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new CommandError(`--${option}: ${twice} is given twice.`);
};

/** @throws CommandError for a column that is given twice. */
export const valuesOf = (given: readonly string[]): readonly string[] => {
  refuseTwice('value', given);
  return given;
};

/** @throws CommandError for a header that is not `name=column`, or given twice. */
export const headersOf = (given: readonly string[]): Record<string, string> => {
  const headers = given.map((text): [string, string] => {
    const at = text.indexOf('=');
    if (at < 1 || at === text.length - 1)
      throw new CommandError(`--header: name=column, not ${JSON.stringify(text)}.`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  refuseTwice(
    'header',
    headers.map(([name]) => name),
  );
  return Object.fromEntries(headers);
};

export const isMapped = ({ key, values, timestamp, partition, headers }: Mapping): boolean =>
  [key, timestamp, partition].some((column) => column !== undefined) ||
  values.length > 0 ||
  Object.keys(headers).length > 0;
