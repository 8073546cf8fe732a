import { Problem } from '../../../lib/domain/errors.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { type AppendCall, type Appender, PartitionClosedError } from '../../../lib/log/append/appender.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { hotPartition } from '../log/actors.ts';
import { type LogHistory, namedBy } from '../log/history.ts';
import { spread } from '../log/network.ts';

const minute = 60_000;

export type AnyAppender = Pick<Appender, 'append'>;

export interface ClientDeps {
  /** Of the client's own machine, which neither freezes nor crashes. */
  readonly clock: Clock;
  readonly random: Random;
  readonly history: LogHistory;
  /** One of the processes that append, which may crash at any time; another each time. */
  readonly anyAppender: () => AnyAppender;
}

/** An append that is sent until its fate is certain. */
export interface Repeated {
  /** Of its records. */
  readonly names: readonly string[];
  readonly records: readonly NewRecord[];
  readonly call: Pick<AppendCall, 'key' | 'sequence'>;
  /** Every answer that said where it is. */
  readonly bases: number[];
  /** Whether its client was told for certain that it cannot be done. */
  refused: string | undefined;
}

export const repeatedOf = (name: string, random: Random, call: Repeated['call']): Repeated => {
  const names = Array.from({ length: 1 + Math.floor(random.number() * 3) }, (_, index) => `${name}.${index}`);
  return {
    names,
    records: names.map((each) => ({ headersJson: namedBy(each) })),
    call,
    bases: [],
    refused: undefined,
  };
};

/** What may be tried again; anything else is definite. */
const passing = new Set([
  'partition_overloaded',
  'throttled',
  'unavailable',
  'outcome_unknown',
  'idempotency_taken_over',
]);

/** Sends it once, by any process, and notes what it is told. Resolves when that is, or the client's patience is over. */
export const sendOnce = async (deps: ClientDeps, repeated: Repeated, patienceMs: number): Promise<void> => {
  const { history, clock } = deps;
  const { names, records, call, bases } = repeated;
  const [name = ''] = names;
  const attempt = async (): Promise<void> => {
    try {
      const { base } = await deps.anyAppender().append(hotPartition, records, call);
      bases.push(base);
    } catch (error) {
      if (error instanceof PartitionClosedError) return;
      const code = error instanceof Problem ? error.code : undefined;
      if (code === undefined) history.report(`${name} failed: ${String(error)}`);
      else if (!passing.has(code)) repeated.refused ??= code;
    }
  };
  await Promise.race([attempt(), clock.sleep(patienceMs)]);
};

/** Sends it again and again, sometimes twice at once, as clients behind a proxy do, until it is answered or `attempts` are over. */
export const sendUntilAnswered = async (
  deps: ClientDeps,
  repeated: Repeated,
  attempts: number,
): Promise<void> => {
  const { clock, random } = deps;
  const isOpen = (): boolean => repeated.bases.length === 0 && repeated.refused === undefined;
  for (let attempt = 0; attempt < attempts && isOpen(); attempt += 1) {
    const patience = spread(random, 5, random.number() < 0.8 ? 5_000 : 60 * minute);
    const twins = random.number() < 0.2 ? 2 : 1;
    await Promise.all(Array.from({ length: twins }, () => sendOnce(deps, repeated, patience)));
    if (isOpen()) await clock.sleep(spread(random, 1, random.number() < 0.8 ? 1_000 : 90 * minute));
  }
};

/** Whether the log is what the client was told, once everything has landed. */
export const checkRepeated = (
  history: LogHistory,
  { names, bases, refused }: Repeated,
  { mayBeFenced = false } = {},
): void => {
  const [name = ''] = names;
  for (const [index, each] of names.entries()) {
    const offset = history.offsetOf(each);
    for (const base of bases)
      if (offset !== base + index)
        history.report(`${each} was answered to be at ${base + index}, and is at ${offset ?? 'no offset'}`);
  }
  const there = names.filter((each) => history.offsetOf(each) !== undefined).length;
  if (there > 0 && there < names.length) history.report(`part of the append of ${name} is in the log`);
  if (refused === undefined || (mayBeFenced && refused === 'producer_fenced')) return;
  // The second of two that were sent at once, when the producer was further by then.
  if (refused === 'sequence_forgotten' && there > 0) return;
  // Its slot went to another, it crashed before it moved on, and what stood there is trimmed.
  if (refused !== 'idempotency_unknown' || there > 0) history.report(`${name} was refused as ${refused}`);
};
