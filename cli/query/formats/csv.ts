import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { jsonOf, plainText } from '../../duckdb/json.ts';
import type { Rows } from './rows.ts';

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Null is nothing, and an empty text is "": so they are told apart. */
const cellOf = (value: DuckDBValue, type: DuckDBType): string => {
  if (value === null) return '';
  const text = plainText(value) ?? jsonOf(value, type);
  return text === '' ? '""' : cell(text);
};

/** CSV as RFC 4180 has it, the names of the columns first. */
export async function* csvFormat({ names, types, chunks }: Rows): AsyncGenerator<string> {
  yield `${names.map(cell).join(',')}\r\n`;
  for await (const rows of chunks)
    yield rows
      .map((row) => `${types.map((type, at) => cellOf(row[at] ?? null, type)).join(',')}\r\n`)
      .join('');
}
