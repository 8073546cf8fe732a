import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ParquetSegmentWriter } from '../../lib/archive/parquet/segment-writer.ts';
import type { JsonText } from '../../lib/domain/json/text.ts';
import type { LogRecord } from '../../lib/domain/records/records.ts';
import { offsetText } from '../../lib/domain/segments.ts';
import { readRecord } from '../broker/record-text.ts';
import type { Sink } from './sink.ts';

/** A file ends with the record that brings it here: what it is compressed to is in memory until then. */
const fileBytes = 64 * 2 ** 20;

const finished = /^(\d{16})-(\d{16})\.parquet$/;
const draftEnding = '.part';

/** The offset after the last that the folder's files cover. What a run that ended was writing is cleared away. */
const resume = async (folder: string): Promise<number | undefined> => {
  let resumeAt: number | undefined;
  for (const name of await readdir(folder)) {
    if (name.endsWith(draftEnding)) await rm(join(folder, name));
    const end = Number(finished.exec(name)?.[2] ?? Number.NaN);
    if (end > (resumeAt ?? -1)) resumeAt = end;
  }
  return resumeAt;
};

/** It is there whole, under its name, or not at all. */
const writeWhole = async (path: string, body: Uint8Array): Promise<void> => {
  const draft = `${path}${draftEnding}`;
  const file = await open(draft, 'w');
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
};

const logRecord = (partition: number, text: JsonText): LogRecord => {
  const { offset = 0, timestamp = 0, appendedAt = timestamp, ...record } = readRecord(Buffer.from(text));
  return { ...record, partition, offset, timestamp, appendedAt };
};

/**
 * A folder of one partition, in which files are as those of the archive, under `<start>-<end>.parquet`. It goes on behind what the
 * files cover.
 */
export const parquetSink = async (
  folder: string,
  about: { readonly topic: string; readonly partition: number },
): Promise<Sink> => {
  await mkdir(folder, { recursive: true });
  let writer: { readonly start: number; readonly segment: ParquetSegmentWriter } | undefined;
  let end = 0;
  const finish = async (): Promise<void> => {
    if (writer === undefined) return;
    const { start, segment } = writer;
    writer = undefined;
    const { body } = segment.finish(end);
    await writeWhole(join(folder, `${offsetText(start)}-${offsetText(end)}.parquet`), body);
  };
  return {
    resumeAt: await resume(folder),
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
