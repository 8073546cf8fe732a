import { jsonOf } from '../../duckdb/json.ts';
import type { Rows } from './rows.ts';

/** An array of objects, one a line. */
export async function* jsonFormat({ names, types, chunks }: Rows): AsyncGenerator<string> {
  const keys = names.map((name) => JSON.stringify(name));
  let before = '[\n';
  for await (const rows of chunks) {
    let text = '';
    for (const row of rows) {
      const fields = types.map((type, at) => `${keys[at]}:${jsonOf(row[at] ?? null, type)}`);
      text += `${before}{${fields.join(',')}}`;
      before = ',\n';
    }
    yield text;
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
