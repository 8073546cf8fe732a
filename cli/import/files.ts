import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { whereInstalled } from '../duckdb/installed.ts';
import { CommandError } from '../failure.ts';
import { isSegment } from '../segment-file.ts';
import { isMapped, type Mapping } from './mapping.ts';
import type { Source } from './source.ts';
import { ndjsonSource } from './sources/ndjson.ts';
import { segmentSource } from './sources/segment.ts';

const lines = /\.(ndjson|jsonl)$/;
const parquet = /\.parquet$/;

/**
 * The files that are named, in that order, and those in folders that are, by name.
 * @throws CommandError
 */
export const filesOf = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new CommandError(`There is no file ${path}.`);
    if (found.isFile()) return [path];
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => lines.test(name) || parquet.test(name))
      .sort()
      .map((name) => join(path, name));
    if (files.length === 0) throw new CommandError(`There are no files .ndjson or .parquet in ${path}.`);
    return files;
  });

/**
 * What a file is, by its name and what is in it.
 * @throws CommandError for one that is nothing of what can be imported, or a mapping for one that needs none.
 */
export const sourceOf = async (path: string, mapping: Mapping): Promise<Source> => {
  if (!lines.test(path) && !parquet.test(path))
    throw new CommandError(`${path}: what can be imported is named .ndjson, .jsonl or .parquet.`);
  const isOurs = lines.test(path) || (await isSegment(path));
  if (isOurs && isMapped(mapping))
    throw new CommandError(
      `${path} has records as Millrace writes them: --value, --key and the like are for Parquet of others.`,
    );
  if (lines.test(path)) return ndjsonSource(path);
  if (isOurs) return segmentSource(path);
  const { parquetSource } = await whereInstalled(() => import('./sources/parquet.ts'));
  return parquetSource(path, mapping);
};
