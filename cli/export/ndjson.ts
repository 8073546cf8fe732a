import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readRecord } from '../broker/record-text.ts';
import { CommandError } from '../failure.ts';
import type { Sink } from './sink.ts';

const newline = 0x0a;
const stepBytes = 1 << 20;

/** Line breaks of JSON stand between its tokens, where a space says the same. */
const oneLine = (text: string): string => text.replace(/[\n\r]/g, ' ');

/** Where the last whole line begins, and where it ends, after its line break. A line that was not finished is behind. */
const lastLine = async (
  file: FileHandle,
  size: number,
): Promise<{ from: number; to: number } | undefined> => {
  const breaks: number[] = [];
  for (let to = size; to > 0 && breaks.length < 2; to -= stepBytes) {
    const from = Math.max(0, to - stepBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    let at = bytesRead;
    while (breaks.length < 2) {
      at = at > 0 ? buffer.lastIndexOf(newline, at - 1) : -1;
      if (at < 0) break;
      breaks.push(from + at + 1);
    }
  }
  const [end, begin = 0] = breaks;
  return end === undefined ? undefined : { from: begin, to: end };
};

/** Cuts off what a run that ended left of a line. Gives the offset after the last record that is there. */
const resume = async (path: string, file: FileHandle, partition: number): Promise<number | undefined> => {
  const { size } = await file.stat();
  const line = await lastLine(file, size);
  if (line === undefined) {
    // A first line that was not finished, which is that of a record, or else a file that is none of ours.
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (size > 0 && !buffer.toString().startsWith('{"')) throw notOurs(path);
    await file.truncate(0);
    return undefined;
  }
  const { buffer } = await file.read(Buffer.alloc(line.to - line.from), 0, line.to - line.from, line.from);
  const last = recordIn(path, buffer);
  if (last.partition !== partition || last.offset === undefined) throw notOurs(path);
  await file.truncate(line.to);
  return last.offset + 1;
};

const recordIn = (path: string, line: Buffer) => {
  try {
    return readRecord(line);
  } catch {
    throw notOurs(path);
  }
};

const notOurs = (path: string): CommandError =>
  new CommandError(`${path} does not end with an exported record of its partition: give another --out.`);

/**
 * A file of one partition: a record a line, as a fetch shows it. It goes on behind what the file has.
 * @throws CommandError when that is something else.
 */
export const ndjsonSink = async (path: string, partition: number): Promise<Sink> => {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a+');
  try {
    const resumeAt = await resume(path, file, partition);
    return {
      resumeAt,
      write: async (records) => {
        if (records.length > 0) await file.appendFile(`${records.map(oneLine).join('\n')}\n`);
      },
      close: async () => {
        await file.sync();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
};
