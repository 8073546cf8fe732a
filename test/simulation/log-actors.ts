import { Problem } from '../../lib/domain/errors.ts';
import { jsonText } from '../../lib/domain/json/text.ts';
import type { PartitionRef } from '../../lib/domain/records/records.ts';
import { type Appender, PartitionClosedError } from '../../lib/log/append/appender.ts';
import { collect } from '../../lib/log/read/collect.ts';
import type { Ask } from '../../lib/log/read/offsets.ts';
import { patiently } from '../../lib/log/read/patience.ts';
import { type Reader, readDefaults } from '../../lib/log/read/reader.ts';
import type { RunReader } from '../../lib/log/read/run.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';
import type { LogHistory } from './log-history.ts';
import { type Connection, spread } from './log-network.ts';

const minute = 60_000;
export const hotPartition: PartitionRef = { topicId: 'topic', partition: 0 };

/** What a writer was told of one append, to be held against the log when everything has landed. */
export interface Told {
  readonly keys: readonly string[];
  readonly expectedOffset: number | undefined;
  answer: 'none' | 'unknown' | 'not written' | { readonly base: number };
}

export interface WriterDeps {
  readonly name: string;
  readonly appender: Appender;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly history: LogHistory;
  readonly told: Told[];
  readonly appends: number;
  /** How often it closes the partition after its appends, in [0, 1]. */
  readonly closes: number;
}

const chance = (random: Random, probability: number): boolean => random.number() < probability;

/** Appends now and then, sometimes several at once, sometimes at an offset, sometimes giving up; as clients do. */
export const write = async (deps: WriterDeps): Promise<void> => {
  const { name, appender, connection, clock, random, history, appends } = deps;
  for (let turn = 0; turn < appends; turn += 1) {
    await clock.sleep(spread(random, 1, chance(random, 0.7) ? 100 : 90 * minute));
    const together = 1 + Math.floor(random.number() * 3);
    const calls = Array.from({ length: together }, (_, call) => appendOnce(deps, `${name}.${turn}.${call}`));
    if (chance(random, 0.05)) {
      await clock.sleep(spread(random, 1, 100));
      await appender.abandon();
      if (connection.pendingPuts > 0) history.report(`${name} gave up, and left a put pending`);
    }
    await Promise.all(calls);
  }
  if (!chance(random, deps.closes)) return;
  await appender.close(hotPartition).catch((error: unknown) => {
    if (!(error instanceof Problem)) history.report(`close failed: ${String(error)}`);
  });
};

const appendOnce = async (deps: WriterDeps, name: string): Promise<void> => {
  const { appender, random, history, clock } = deps;
  const keys = Array.from({ length: 1 + Math.floor(random.number() * 3) }, (_, index) => `${name}.${index}`);
  const expectedOffset = chance(random, 0.1)
    ? Math.max(0, history.end - Math.floor(random.number() * 2))
    : undefined;
  const records = keys.map((key) => ({
    key,
    valueJson: jsonText(null),
    // Around the times of the appends, so that either may be the later one.
    ...(chance(random, 0.2) && { timestamp: Math.floor(clock.now() + spread(random, 1, 6e7) - 3e7) }),
  }));
  const told: Told = { keys, expectedOffset, answer: 'none' };
  const endBefore = history.end;
  deps.told.push(told);
  const patience = new AbortController();
  if (chance(random, 0.05)) void clock.sleep(spread(random, 1, 5_000)).then(() => patience.abort());
  try {
    const { base } = await appender.append(hotPartition, records, {
      signal: patience.signal,
      ...(expectedOffset !== undefined && { expectedOffset }),
    });
    told.answer = { base };
    if (expectedOffset !== undefined && base !== expectedOffset)
      history.report(`${name} was appended at ${base}, and asked for ${expectedOffset}`);
  } catch (error) {
    const code = error instanceof Problem ? error.code : undefined;
    const refused = code === 'partition_overloaded' || code === 'unavailable' || code === 'offset_mismatch';
    if (code === 'offset_mismatch')
      checkMismatch(error as Problem, { name, expectedOffset, endBefore, history });
    if (code === 'outcome_unknown') told.answer = 'unknown';
    else if (refused || error instanceof PartitionClosedError) told.answer = 'not written';
    else history.report(`${name} failed: ${String(error)}`);
  }
};

/** A refusal of an expected offset tells an end that was true at some time since the append was asked for. */
const checkMismatch = (
  { details }: Problem,
  asked: {
    readonly name: string;
    readonly expectedOffset: number | undefined;
    readonly endBefore: number;
    readonly history: LogHistory;
  },
): void => {
  const { name, expectedOffset, endBefore, history } = asked;
  const end = Number(details.members?.['endOffset']);
  if (!history.isGone && (end === expectedOffset || end < endBefore || end > history.end))
    history.report(
      `${name} was refused at ${expectedOffset} by an end of ${end}, and the log ended from ${endBefore} to ${history.end}`,
    );
};

/** Whether the log is what the writers were told. */
export const checkTold = (history: LogHistory, told: readonly Told[]): void => {
  for (const { keys, answer } of told) {
    for (const [index, key] of keys.entries()) {
      const offset = history.offsetOf(key);
      if (answer === 'not written' && offset !== undefined)
        history.report(`${key} was answered as not written, and is at ${offset}`);
      if (typeof answer === 'object' && offset !== answer.base + index)
        history.report(
          `${key} was answered to be at ${answer.base + index}, and is at ${offset ?? 'no offset'}`,
        );
    }
    const [first = ''] = keys;
    const there = keys.filter((key) => history.offsetOf(key) !== undefined);
    if (there.length > 0 && there.length < keys.length)
      history.report(`part of the append of ${first} is in the log`);
  }
};

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
    if (history.isGone) return nextOffset;
    for (const [index, record] of records.entries()) {
      const due = offset + index;
      if (record.offset !== due)
        history.report(`a read from ${offset} gave ${record.offset} where ${due} was due`);
      if (record.key !== history.keyAt(due)) history.report(`a read gave the wrong record at ${due}`);
    }
    if (nextOffset !== offset + records.length)
      history.report(`a read from ${offset} went on at ${nextOffset}`);
    return nextOffset;
  } catch (error) {
    const code = error instanceof Problem ? error.code : undefined;
    if (code === 'unavailable') return offset;
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
  const { records, more } = await collect(runs, hotPartition, { from: offset, want, consistent: true });
  const nextOffset = offset + records.length;
  if (!more && nextOffset < endBefore && !history.isGone)
    history.report(
      `a strongly consistent read from ${offset} ended at ${nextOffset}, but ${endBefore} was the end before it`,
    );
  return { records, nextOffset };
};
