import { isUtf8 } from 'node:buffer';
import { Problem } from '../../domain/errors.ts';
import { JsonReader } from '../../domain/json/reader.ts';
import { JsonFault } from '../../domain/json/text.ts';
import { limits } from '../../domain/limits.ts';
import { isBlank, withoutByteOrderMark } from '../../domain/text/lines.ts';
import { exceeded } from '../schemas/record-fields.ts';
import { type ProducedRecord, type ProduceRequest, takeRecord } from '../schemas/records.ts';
import { Faults } from '../shapes/faults.ts';

/** Fields with which a fetch and an export show a record, and which the log gives anew. */
const shownFields = ['offset', 'appendedAt'];

const tooMany = (path: string): Problem => {
  const { code, details } = exceeded('limit_exceeded', 'requestLines', path);
  const message = `A request may have ${limits.requestLines} records, each in its line (limit requestLines). Nothing was written. Send the file in parts, as "split -l ${limits.requestLines}" makes them.`;
  return new Problem(code, message, details);
};

/** Takes the records of lines, one after the other. */
export class LineRecords {
  readonly #records: ProducedRecord[] = [];
  readonly #numbers: number[] = [];
  readonly #bytes: number[] = [];
  readonly #faults = new Faults();

  /**
   * Takes a line, without its break; one that is blank is none.
   * @param number its own, from 1: by it errors name it.
   * @throws Problem `limit_exceeded`, `too_large`; `invalid_request` for the last fault that is told of.
   */
  take(line: Buffer, number: number): void {
    const text = number === 1 ? withoutByteOrderMark(line) : line;
    if (isBlank(text)) return;
    const path = `line ${number}`;
    if (this.#records.length === limits.requestLines) throw tooMany(path);
    const record = isUtf8(text)
      ? this.#recordIn(text, path)
      : this.#faults.report(path, 'This is not UTF-8.');
    if (record === undefined) return;
    this.#records.push(record);
    this.#numbers.push(number);
    this.#bytes.push(record.bytes);
  }

  /** The request that the lines are. @throws Problem `invalid_request` */
  end(): ProduceRequest {
    const numbers = this.#numbers;
    this.#faults.refuse();
    if (numbers.length === 0) this.#faults.report('', 'Give at least one record, each in a line of its own.');
    this.#faults.refuse();
    const lines = { numbers, bytes: this.#bytes };
    return { records: this.#records, lines, pathOf: (index) => `line ${numbers[index]}` };
  }

  #recordIn(text: Buffer, path: string): ProducedRecord | undefined {
    try {
      const reader = new JsonReader(text, limits.jsonDepth);
      const record = takeRecord(reader, { path, report: this.#faults.report }, shownFields);
      reader.end();
      return record;
    } catch (error) {
      if (error instanceof JsonFault && error.kind !== 'depth')
        return this.#faults.report(path, error.message);
      if (error instanceof JsonFault) throw exceeded('limit_exceeded', 'jsonDepth', path);
      const isFault = error instanceof Problem && error.code === 'invalid_request';
      if (!isFault || this.#faults.isFull) throw error;
      // A fault inside a field ends its line, and not the others.
      for (const found of error.details.errors ?? []) this.#faults.report(found.path, found.message);
      return undefined;
    }
  }
}
