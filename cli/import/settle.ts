import { isDeepStrictEqual } from 'node:util';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import type { Broker } from '../broker/broker.ts';
import { BrokerProblem } from '../broker/problem.ts';
import { readRecord, type ShownRecord } from '../broker/record-text.ts';
import { CommandError } from '../failure.ts';

const isSame = (
  given: NewRecord,
  { partition: _p, offset: _o, appendedAt: _a, ...shown }: ShownRecord,
): boolean => isDeepStrictEqual(given, given.timestamp === undefined ? withoutTime(shown) : shown);

/** A record that came without one has that of its append. */
const withoutTime = ({ timestamp: _timestamp, ...record }: NewRecord): NewRecord => record;

const shownFrom = async function* (
  broker: Pick<Broker, 'fetch'>,
  topic: string,
  partition: number,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<ShownRecord> {
  for (let offset = from; offset < to; ) {
    const page = await broker.fetch(topic, partition, { offset }).catch((error: unknown) => {
      if (!(error instanceof BrokerProblem && error.status === 416)) throw error;
      throw new CommandError(
        `Partition ${partition}: retention let go of what stood at offset ${offset}, so that it cannot be seen whether the last request was stored. ` +
          'Delete the state file to import all anew, or go on with --at-least-once.',
        { cause: error },
      );
    });
    for (const text of page.records) {
      const record = readRecord(Buffer.from(text));
      if ((record.offset ?? 0) < to) yield record;
    }
    if (page.nextOffset <= offset) return;
    offset = page.nextOffset;
  }
};

/** What was found of records that were to be appended. */
export interface Found {
  /** How many of them are stored: the first ones. */
  readonly stored: number;
  /** Where the others are to go. */
  readonly next: number;
}

/**
 * Looks for records that may have been appended at `from`, in what has been appended since. Either they, or the first of
 * them, are all that is there, as where nobody else writes; or they stand together somewhere in it, as one append does.
 * Where neither is so, they are not there, and will not come: what was to go to an offset that is taken goes nowhere.
 */
export const findStored = async (
  broker: Pick<Broker, 'fetch'>,
  topic: string,
  partition: number,
  records: readonly NewRecord[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Found> => {
  // Records of the run that goes on at each place where one may have begun, as many as match so far.
  let runs: { begun: number; matched: number }[] = [];
  for await (const shown of shownFrom(broker, topic, partition, { from, to })) {
    const offset = shown.offset ?? 0;
    runs = [...runs, { begun: offset, matched: 0 }].flatMap(({ begun, matched }) => {
      const expected = records[matched];
      return expected !== undefined && begun + matched === offset && isSame(expected, shown)
        ? [{ begun, matched: matched + 1 }]
        : [];
    });
    const whole = runs.find(({ matched }) => matched === records.length);
    if (whole !== undefined) return { stored: records.length, next: offset + 1 };
  }
  const alone = runs.find(({ begun, matched }) => begun === from && begun + matched === to);
  return alone === undefined ? { stored: 0, next: to } : { stored: alone.matched, next: to };
};
