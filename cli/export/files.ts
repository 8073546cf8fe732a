import { join } from 'node:path';
import { CommandError } from '../failure.ts';
import type { Work } from '../terminal/progress.ts';
import { type ExportDeps, exportTopic } from './export.ts';
import { ndjsonSink } from './ndjson.ts';
import { parquetSink } from './parquet.ts';
import { type ExportRange, type PlanRequest, planExport } from './plan.ts';
import type { Sink } from './sink.ts';

export interface ExportRequest extends PlanRequest {
  /** A folder; or, of one partition as NDJSON, a file. */
  readonly out: string;
  readonly format: 'ndjson' | 'parquet';
}

const isFile = (out: string): boolean => /\.(nd)?jsonl?$/.test(out);

/** Names of files that are no exports, of which a folder would be made. */
const isOtherFile = (out: string): boolean => /\.(csv|tsv|txt|parquet|gz|zst|zip|tar)$/i.test(out);

const refuseOut = ({ out, format }: ExportRequest, ranges: readonly ExportRange[]): void => {
  if (format === 'parquet' && /\.parquet$/.test(out))
    throw new CommandError('--out: a folder. Parquet goes into files that each keep to a size.');
  if (isOtherFile(out))
    throw new CommandError(
      '--out: a folder, or of one partition a file .ndjson; what is written is NDJSON or Parquet.',
    );
  if (isFile(out) && (format === 'parquet' || ranges.length > 1))
    throw new CommandError(
      '--out: a folder. A file takes one partition, as NDJSON: say which with --partition.',
    );
};

/** Where the records of each partition go. */
const sinksOf =
  ({ topic, out, format }: ExportRequest) =>
  ({ partition }: ExportRange): Promise<Sink> => {
    if (format === 'parquet')
      return parquetSink(join(out, `topic=${topic}`, `partition=${partition}`), { topic, partition });
    return ndjsonSink(isFile(out) ? out : join(out, `${topic}-${partition}.ndjson`), partition);
  };

/** Says so where an offset that is asked for is there no more. */
const tellOfPassed = (
  { remark }: Pick<ExportDeps, 'remark'>,
  { from }: ExportRequest,
  ranges: readonly ExportRange[],
): void => {
  if (from === undefined || !('offset' in from)) return;
  const [first, ...others] = ranges.filter(({ start }) => start > from.offset);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more begin behind --from too`;
  remark(
    `Partition ${first.partition} begins at offset ${first.start} by now: retention let go of what was before${more}.`,
  );
};

/**
 * Copies a topic, or a part of it, as it is now, into files, behind what they have. Gives what it wrote.
 * @throws CommandError for what cannot be exported, or not there; what else went wrong. What was written by then is kept.
 */
export const exportToFiles = async (
  deps: Omit<ExportDeps, 'openSink'>,
  request: ExportRequest,
): Promise<Pick<Work, 'records' | 'bytes'>> => {
  const { topic, from, to, partitions } = request;
  const ranges = await planExport(deps.broker, request);
  refuseOut(request, ranges);
  tellOfPassed(deps, request, ranges);
  if (ranges.every((range) => range.from >= range.to))
    deps.remark(
      `Topic ${topic} has no records${(from ?? to) === undefined && partitions.length === 0 ? '' : ' there'}.`,
    );
  return exportTopic({ ...deps, openSink: sinksOf(request) }, topic, ranges);
};
