import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ParquetSegmentWriter } from '../../lib/archive/parquet/segment-writer.ts';
import { offsetText } from '../../lib/domain/archive/segments.ts';
import type { JsonText } from '../../lib/domain/json/text.ts';
import { type LogRecord, recordJson } from '../../lib/domain/records/records.ts';
import { makeFolder } from '../../lib/stores/files/folders.ts';
import { readRecord } from '../broker/record-text.ts';
import { CommandError, messageOf } from '../failure.ts';
import { rowGroupsOf } from '../segment-file.ts';
import type { Held, Sink } from './sink.ts';
import { writing } from './writing.ts';

/** A file ends with the record that brings it here: what it is compressed to is in memory until then. */
const fileBytes = 64 * 2 ** 20;

const finished = /^(\d{16})-(\d{16})\.parquet$/;
const draftEnding = '.part';
const draft = /^\d{16}-\d{16}\.parquet\.part$/;

const logRecord = (partition: number, text: JsonText): LogRecord => {
  const { offset = 0, timestamp = 0, appendedAt = timestamp, ...record } = readRecord(Buffer.from(text));
  return { ...record, partition, offset, timestamp, appendedAt };
};

const recordJsonIn = (partition: number, text: JsonText): string => recordJson(logRecord(partition, text));

/** The last record of a finished file. @throws CommandError where it cannot be read. */
const lastRecordIn = async (path: string): Promise<LogRecord | undefined> => {
  let last: LogRecord | undefined;
  try {
    for await (const { records } of rowGroupsOf(path, -1)) last = records.at(-1);
  } catch (cause) {
    throw new CommandError(`${messageOf(cause)} Delete it, and the same command makes it anew.`, { cause });
  }
  return last;
};

/** What the folder's files cover. What a run that ended was writing is cleared away. */
const heldIn = async (folder: string, partition: number): Promise<Held | undefined> => {
  const files: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  for (const name of await readdir(folder)) {
    if (draft.test(name)) await rm(join(folder, name));
    const [, start, end] = finished.exec(name) ?? [];
    if (start !== undefined && end !== undefined)
      files.push({ name, start: Number(start), end: Number(end) });
  }
  const newest = files.reduce(
    (found, file) => (found === undefined || file.end > found.end ? file : found),
    files[0],
  );
  const last = newest && (await lastRecordIn(join(folder, newest.name)));
  if (newest === undefined || last === undefined) return undefined;
  return {
    path: folder,
    first: Math.min(...files.map(({ start }) => start)),
    last: last.offset,
    end: newest.end,
    isLast: (shown) => recordJsonIn(partition, shown) === recordJson({ ...last, partition }),
  };
};

/** It is there whole, under its name, or not at all. */
const writeWhole = async (path: string, body: Uint8Array): Promise<void> => {
  const drafted = `${path}${draftEnding}`;
  const file = await open(drafted, 'w');
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(drafted, path);
};

/**
 * A folder of one partition, in which files are as those of the archive, under `<start>-<end>.parquet`. It goes on behind what the
 * files cover.
 */
export const parquetSink = async (
  folder: string,
  about: { readonly topic: string; readonly partition: number },
): Promise<Sink> => {
  await writing(folder, () => makeFolder(folder));
  let writer: { readonly start: number; readonly segment: ParquetSegmentWriter } | undefined;
  let end = 0;
  const finish = async (): Promise<void> => {
    if (writer === undefined) return;
    const { start, segment } = writer;
    writer = undefined;
    const { body } = segment.finish(end);
    const path = join(folder, `${offsetText(start)}-${offsetText(end)}.parquet`);
    await writing(path, () => writeWhole(path, body));
  };
  return {
    held: await heldIn(folder, about.partition),
    write: async (records, next) => {
      const read = records.map((text) => logRecord(about.partition, text));
      const [first] = read;
      if (first === undefined) return;
      // Whose topic it is among those that had its name, a broker does not tell.
      const { offset: start } = first;
      writer ??= { start, segment: new ParquetSegmentWriter({ ...about, topicId: '', start }) };
      writer.segment.add(read);
      end = next;
      if (writer.segment.rawBytes >= fileBytes) await finish();
    },
    close: finish,
  };
};
