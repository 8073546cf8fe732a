import type { Progress } from '../terminal/progress.ts';
import { type ImportDeps, importFile } from './import.ts';
import type { Mapping } from './mapping.ts';
import type { Source } from './source.ts';
import { ImportState } from './state.ts';

export interface ImportOptions
  extends Pick<ImportDeps, 'broker' | 'topic' | 'byKey' | 'atLeastOnce' | 'signal' | 'sleep' | 'remark'> {
  readonly mapping: Mapping;
  /** Of this file alone. */
  readonly progress: Pick<Progress, 'tell' | 'end'>;
}

/**
 * Imports what is left of a file, and tells of it.
 * @throws CommandError for what is wrong in the file, or is not the file that it was; what keeps it from going on.
 */
export const importOne = async (source: Source, { mapping, ...options }: ImportOptions): Promise<void> => {
  const { broker, topic, byKey, remark, progress } = options;
  const ranges = await broker.partitions(topic);
  const state = ImportState.open(source.path, {
    broker: broker.url,
    topic,
    createdAt: await broker.createdAt(topic),
    partitions: ranges.length,
    options: JSON.stringify({ byKey, mapping }),
  });
  if (state.isFinished) {
    remark(`${source.path} is imported already. To import it again, delete ${state.path}.`);
    return;
  }
  if (state.isBegun) remark(`Going on with ${source.path}.`);
  const ends = new Map(ranges.map(({ partition, endOffset }) => [partition, endOffset]));
  const imported = await importFile({ ...options, ends }, source, state);
  if (!state.isBegun) remark(`${source.path} has no records.`);
  progress.end(imported, `${source.path}: imported`);
};
