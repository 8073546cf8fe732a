import { isUtf8 } from 'node:buffer';
import { createReadStream, statSync } from 'node:fs';
import { isBlank, withoutByteOrderMark } from '../../../lib/domain/text/lines.ts';
import { readRecord } from '../../broker/record-text.ts';
import { messageOf } from '../../failure.ts';
import { InputError, type Source, type SourceRecord } from '../source.ts';

const newline = 0x0a;
/** More than the largest record takes, however it is escaped. */
const longestLine = 4 * 2 ** 20;

/** Lines, without their breaks, and how many bytes were read by then. A last one may have no break. */
const linesOf = async function* (
  path: string,
  tooLong: (line: number) => Error,
): AsyncGenerator<{ line: Buffer; read: number }> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let [read, line] = [0, 1];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      yield { line: Buffer.concat([...rest, chunk.subarray(from, to)]), read: read + to + 1 };
      rest = [];
      restBytes = 0;
      from = to + 1;
      line += 1;
    }
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    read += chunk.length;
    if (restBytes > longestLine) throw tooLong(line);
  }
  if (restBytes > 0) yield { line: Buffer.concat(rest), read };
};

/** A file of records, one a line, in the shape in which a fetch shows them. Lines without anything are passed over. */
export const ndjsonSource = (path: string): Source => {
  const size = statSync(path).size;
  const file = { path, unit: 'line' } as const;
  let done = 0;
  const recordOf = (line: Buffer, at: number): SourceRecord => {
    if (!isUtf8(line)) throw new InputError(file, at, 'It is not UTF-8.');
    try {
      const { partition, offset: _offset, appendedAt: _appendedAt, ...record } = readRecord(line);
      return { record, partition, at };
    } catch (error) {
      throw new InputError(file, at, messageOf(error), error);
    }
  };
  return {
    ...file,
    records: async function* () {
      const tooLong = (line: number) => new InputError(file, line, 'It is longer than a record can be.');
      let at = 0;
      for await (const { line, read } of linesOf(path, tooLong)) {
        at += 1;
        done = read;
        const text = at === 1 ? withoutByteOrderMark(line) : line;
        if (!isBlank(text)) yield recordOf(text, at);
      }
    },
    get fraction() {
      return size === 0 ? 1 : done / size;
    },
  };
};
