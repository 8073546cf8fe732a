import { Problem } from '../../../lib/domain/errors.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { collect } from '../../../lib/log/read/collect.ts';
import type { Ask } from '../../../lib/log/read/offsets.ts';
import { patiently } from '../../../lib/log/read/patience.ts';
import { type Reader, readDefaults } from '../../../lib/log/read/reader.ts';
import type { RunReader } from '../../../lib/log/read/run.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { hotPartition } from './actors.ts';
import type { LogHistory } from './history.ts';
import { spread } from './network.ts';

const minute = 60_000;

/** Whether a read failed for what passes by itself. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Problem && (error.code === 'unavailable' || error.code === 'throttled');

export interface ReaderDeps {
  readonly reader: Reader;
  /** Reads strongly, as deliveries do. */
  readonly runs: RunReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly history: LogHistory;
  /** The start offset as it stands in the store. */
  readonly state: { readonly startOffset: number };
}

const chance = (random: Random, probability: number): boolean => random.number() < probability;

/** Asks as a Reader does: a connection may fail at any time. */
export const asReadersAsk =
  (clock: Clock): Ask =>
  (request) =>
    patiently(clock, readDefaults.attemptTimeoutMs, request);

/** Reads from somewhere on, `rounds` times, and holds every answer against what was ever stored. */
export const read = async (deps: ReaderDeps, rounds: number): Promise<void> => {
  const { clock, random, state, history } = deps;
  let offset = Math.floor(random.number() * (history.end + 1));
  for (let round = 0; round < rounds; round += 1) {
    await clock.sleep(spread(random, 1, chance(random, 0.8) ? 50 : 60 * minute));
    offset = (await readOnce(deps, offset)) ?? state.startOffset;
  }
};

/** The offset to go on with; undefined when the one asked for is not readable. */
export const readOnce = async (deps: ReaderDeps, offset: number): Promise<number | undefined> => {
  const { reader, random, history, state } = deps;
  const want = { maxRecords: 1 + Math.floor(random.number() * 12), maxBytes: chance(random, 0.2) ? 60 : 1e6 };
  const strong = chance(random, 0.3);
  const endBefore = history.end;
  try {
    const { records, nextOffset } = strong
      ? await strongly(deps, offset, want, endBefore)
      : await reader.fetch(hotPartition, { offset, ...want, waitMs: chance(random, 0.3) ? 500 : 0 });
    if (!history.isGone) checkRead(history, offset, records, nextOffset);
    return nextOffset;
  } catch (error) {
    if (isPassing(error)) return offset;
    const code = error instanceof Problem ? error.code : undefined;
    if (history.isGone) return undefined;
    if (code !== 'offset_out_of_range') history.report(`a read from ${offset} failed: ${String(error)}`);
    else if (offset >= state.startOffset && offset <= endBefore)
      history.report(
        `a read from ${offset} was refused, but ${state.startOffset} to ${endBefore} are readable`,
      );
    return undefined;
  }
};

const strongly = async (
  { runs, history }: ReaderDeps,
  offset: number,
  want: { maxRecords: number; maxBytes: number },
  endBefore: number,
) => {
  const { records, next, more } = await collect(runs, hotPartition, { from: offset, want, consistent: true });
  if (!more && next < endBefore && !history.isGone)
    history.report(
      `a strongly consistent read from ${offset} ended at ${next}, but ${endBefore} was the end before it`,
    );
  return { records, nextOffset: next };
};

/** What was read from `offset` on is all that is left up to `nextOffset`, each record once, in its place, as it was stored. */
const checkRead = (
  history: LogHistory,
  offset: number,
  records: readonly LogRecord[],
  nextOffset: number,
): void => {
  let due = offset;
  for (const record of records) {
    checkPassed(history, offset, due, record.offset);
    if (record.offset < due)
      history.report(`a read from ${offset} gave ${record.offset} where ${due} was due`);
    if (!history.isRecord(record)) history.report(`a read gave the wrong record at ${record.offset}`);
    due = record.offset + 1;
  }
  checkPassed(history, offset, due, nextOffset);
  if (nextOffset < due) history.report(`a read from ${offset} went on at ${nextOffset}`);
};

/** Who read from `offset` on passed over the records of `from` to `to`, exclusive. */
export const checkPassed = (history: LogHistory, offset: number, from: number, to: number): void => {
  for (let passed = from; passed < to; passed += 1)
    if (!history.gone.has(passed))
      history.report(`a read from ${offset} passed over ${passed}, which is not gone`);
};
