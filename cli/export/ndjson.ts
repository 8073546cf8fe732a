import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { jsonInOneLine } from '../../lib/domain/json/text.ts';
import { makeFolder } from '../../lib/stores/files/folders.ts';
import { readRecord } from '../broker/record-text.ts';
import { CommandError } from '../failure.ts';
import type { Held, Sink } from './sink.ts';
import { writing } from './writing.ts';

const newline = 0x0a;
const stepBytes = 1 << 20;

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

const notOurs = (path: string): CommandError =>
  new CommandError(`${path} does not hold exported records of its partition: give another --out.`);

const recordIn = (path: string, line: Buffer) => {
  try {
    return readRecord(line);
  } catch {
    throw notOurs(path);
  }
};

/** How each line begins that is written for a partition. */
const beginningOf = (partition: number): string => `{"partition":${partition},"offset":`;

/** What the file has: whole lines, of which the first and the last are looked at. @throws CommandError where they are not ours. */
const heldIn = async (path: string, file: FileHandle, partition: number): Promise<Held | undefined> => {
  const { size } = await file.stat();
  const head = (await file.read(Buffer.alloc(64), 0, 64, 0)).buffer.toString('latin1', 0, Math.min(64, size));
  const beginning = beginningOf(partition);
  const line = await lastLine(file, size);
  if (line === undefined) {
    // Nothing, or a first line that was not finished.
    if (!head.startsWith(beginning) && !beginning.startsWith(head)) throw notOurs(path);
    return undefined;
  }
  const { buffer } = await file.read(Buffer.alloc(line.to - line.from), 0, line.to - line.from, line.from);
  const { partition: ofPartition, offset: last } = recordIn(path, buffer);
  const first = /^\d+(?=,)/.exec(head.slice(beginning.length))?.[0];
  if (!head.startsWith(beginning) || first === undefined) throw notOurs(path);
  if (ofPartition !== partition || last === undefined) throw notOurs(path);
  const text = buffer.toString('utf8', 0, buffer.length - 1);
  return {
    path,
    first: Number(first),
    last,
    end: last + 1,
    isLast: (shown) => jsonInOneLine(shown) === text,
  };
};

/** Where the next line goes: what a run that ended left of one is cut off. */
const endOfLines = async (file: FileHandle): Promise<number> => {
  const { size } = await file.stat();
  const end = (await lastLine(file, size))?.to ?? 0;
  if (end < size) await file.truncate(end);
  return end;
};

const writeAll = async (file: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

/**
 * A file of one partition: a record a line, as a fetch shows it. It goes on behind what the file has. Each line goes to its
 * place, so that two runs at the same time write the same.
 * @throws CommandError when that is something else.
 */
export const ndjsonSink = async (path: string, partition: number): Promise<Sink> => {
  const folder = dirname(path);
  await writing(folder, () => makeFolder(folder));
  const file = await writing(path, () => open(path, constants.O_RDWR | constants.O_CREAT));
  let end: number | undefined;
  try {
    return {
      held: await heldIn(path, file, partition),
      write: (records) =>
        writing(path, async () => {
          end ??= await endOfLines(file);
          if (records.length === 0) return;
          const bytes = Buffer.from(`${records.map(jsonInOneLine).join('\n')}\n`);
          await writeAll(file, bytes, end);
          end += bytes.length;
        }),
      close: () =>
        writing(path, async () => {
          await file.sync();
          await file.close();
        }),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
};
