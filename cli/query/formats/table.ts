import { isUtf8 } from 'node:buffer';
import { DuckDBBlobValue, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { plainLine } from '../../../lib/domain/text/plain-text.ts';
import { jsonOf, plainText } from '../../duckdb/json.ts';
import type { Rows } from './rows.ts';

const widest = 80;

const numbers = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\))$/;

const textOf = (value: DuckDBValue, type: DuckDBType): string => {
  if (value === null) return '';
  if (value instanceof DuckDBBlobValue && isUtf8(value.bytes)) return Buffer.from(value.bytes).toString();
  return plainText(value) ?? jsonOf(value, type);
};

/** Nothing of a value moves the cursor of a terminal. */
const cellOf = (value: DuckDBValue, type: DuckDBType): string => {
  const characters = [...plainLine(textOf(value, type))];
  return characters.length > widest ? `${characters.slice(0, widest - 1).join('')}…` : characters.join('');
};

const width = (text: string): number => [...text].length;

const line = (cells: readonly string[], widths: readonly number[], right: readonly boolean[]): string =>
  cells
    .map((text, at) => {
      const room = ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(text)));
      return right[at] === true ? `${room}${text}` : `${text}${room}`;
    })
    .join('  ')
    .trimEnd();

/** Columns under each other, for people: the first `most` rows, long values cut, bytes as text where they are. */
export const tableFormat = (most: number) =>
  async function* ({ names, types, chunks }: Rows): AsyncGenerator<string> {
    const cells: string[][] = [];
    let isMore = false;
    for await (const rows of chunks) {
      for (const row of rows) {
        isMore = cells.length === most;
        if (isMore) break;
        cells.push(types.map((type, at) => cellOf(row[at] ?? null, type)));
      }
      if (isMore) break;
    }
    const right = types.map((type) => numbers.test(String(type)));
    const widths = names.map((name, at) =>
      cells.reduce((most, row) => Math.max(most, width(row[at] ?? '')), width(name)),
    );
    const lines = [names, widths.map((room) => '-'.repeat(room)), ...cells];
    yield lines.map((row) => `${line(row, widths, right)}\n`).join('');
    if (isMore) yield `These are the first ${most} rows: --rows shows more, --format csv or json all.\n`;
  };
