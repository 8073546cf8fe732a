import { Problem } from '../../../lib/domain/errors.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { NewRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import { type Appender, PartitionClosedError } from '../../../lib/log/append/appender.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { type LogHistory, namedBy } from './history.ts';
import { type Connection, spread } from './network.ts';

const minute = 60_000;
export const hotPartition: PartitionRef = { topicId: 'topic', partition: 0 };

/** What a writer was told of one append, to be held against the log when everything has landed. */
export interface Told {
  /** Of its records. */
  readonly names: readonly string[];
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
  /** How often it appends again at once, and not any time within an hour or so, in [0, 1]. */
  readonly hurry?: number;
  /** What is in a record beside its name. */
  readonly content: (name: string) => Omit<NewRecord, 'headersJson' | 'timestamp'>;
}

/** What an append is answered whose records are not in the log. */
const notWritten: ReadonlySet<string> = new Set([
  'partition_overloaded',
  'throttled',
  'unavailable',
  'offset_mismatch',
]);

/** Each record has a key of its own. */
export const ownKeys: WriterDeps['content'] = (name) => ({ key: name, valueJson: jsonText(null) });

const chance = (random: Random, probability: number): boolean => random.number() < probability;

/** Appends now and then, sometimes several at once, sometimes at an offset, sometimes giving up; as clients do. */
export const write = async (deps: WriterDeps): Promise<void> => {
  const { name, appender, connection, clock, random, history, appends } = deps;
  for (let turn = 0; turn < appends; turn += 1) {
    await clock.sleep(spread(random, 1, chance(random, deps.hurry ?? 0.7) ? 100 : 90 * minute));
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
  const { appender, random, history, clock, content } = deps;
  const names = Array.from({ length: 1 + Math.floor(random.number() * 3) }, (_, index) => `${name}.${index}`);
  const expectedOffset = chance(random, 0.1)
    ? Math.max(0, history.end - Math.floor(random.number() * 2))
    : undefined;
  const records = names.map((each) => ({
    ...content(each),
    headersJson: namedBy(each),
    // Around the times of the appends, so that either may be the later one.
    ...(chance(random, 0.2) && { timestamp: Math.floor(clock.now() + spread(random, 1, 6e7) - 3e7) }),
  }));
  const told: Told = { names, expectedOffset, answer: 'none' };
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
    const refused = code !== undefined && notWritten.has(code);
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
  for (const { names, answer } of told) {
    for (const [index, name] of names.entries()) {
      const offset = history.offsetOf(name);
      if (answer === 'not written' && offset !== undefined)
        history.report(`${name} was answered as not written, and is at ${offset}`);
      if (typeof answer === 'object' && offset !== answer.base + index)
        history.report(
          `${name} was answered to be at ${answer.base + index}, and is at ${offset ?? 'no offset'}`,
        );
    }
    const [first = ''] = names;
    const there = names.filter((name) => history.offsetOf(name) !== undefined);
    if (there.length > 0 && there.length < names.length)
      history.report(`part of the append of ${first} is in the log`);
  }
};
