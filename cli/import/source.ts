import type { NewRecord } from '../../lib/domain/records/records.ts';
import { CommandError } from '../failure.ts';

/** A record of a file, and where it stands there. */
export interface SourceRecord {
  readonly record: NewRecord;
  /** The one that the file names, if it does. */
  readonly partition?: number | undefined;
  /** Its line or row, from 1. */
  readonly at: number;
}

/** A file that is to be imported. */
export interface Source {
  readonly path: string;
  /** What a record of it is called, with its number: `line` or `row`. */
  readonly unit: 'line' | 'row';
  /**
   * Its records in order, the same every time.
   * @throws InputError
   */
  records(): AsyncIterable<SourceRecord>;
  /** How much of it was read, from 0 to 1. */
  readonly fraction: number;
}

/** The input is wrong. The message says where. */
export class InputError extends CommandError {
  constructor({ path, unit }: Pick<Source, 'path' | 'unit'>, at: number, what: string, cause?: unknown) {
    super(`${path}, ${unit} ${at}: ${what}`, { cause });
  }
}
