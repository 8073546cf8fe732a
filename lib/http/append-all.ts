import { concurrently } from '../domain/concurrently.ts';
import { Problem, type ProblemCode } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Origin } from '../domain/records/origin.ts';
import type { NewRecord, PartitionRef } from '../domain/records/records.ts';
import { timestampText } from '../domain/text/timestamps.ts';
import type { Topic } from '../domain/topics.ts';
import type { Appended, Appender } from '../log/append/appender.ts';
import { PartitionClosedError } from '../log/closed.ts';
import { type PartitionAppend, partitionAppends } from './lines/partition-appends.ts';
import { ranges } from './lines/ranges.ts';
import { problemOf } from './problems.ts';
import { type Repeat, repeatOfAppend } from './repeats/headers.ts';

/** What a producer is told of a record. */
export interface ProducedResult {
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601. */
  readonly timestamp: string;
}

type PartitionOutcome =
  | { readonly append: PartitionAppend; readonly appended: Appended }
  | { readonly append: PartitionAppend; readonly problem: Problem };

/** What each record of an append is told, in the append's order. */
const writtenResults = (append: PartitionAppend, { base, appendedAt }: Appended): ProducedResult[] =>
  append.records.map(({ timestamp = appendedAt }, position) => ({
    partition: append.partition,
    offset: base + position,
    timestamp: timestampText(timestamp),
  }));

/** What is said of each record of several appends, in request order. */
const inRequestOrder = <Item>(
  said: readonly { readonly append: PartitionAppend; readonly items: readonly Item[] }[],
): Item[] => {
  const [only, ...others] = said;
  // Those of one append stand in the order of the request.
  if (only !== undefined && others.length === 0) return [...only.items];
  const items: Item[] = [];
  for (const { append, items: own } of said)
    for (const [position, item] of own.entries()) items[append.indexes[position] ?? 0] = item;
  return items;
};

/** The failure that says most of what happened: one that leaves something unknown, else the first. */
const leading = (problems: readonly Problem[]): Problem | undefined =>
  problems.find(({ code }) => code === 'internal') ??
  problems.find(({ code }) => code === 'outcome_unknown') ??
  problems[0];

const leavesUnknown: ReadonlySet<ProblemCode> = new Set(['outcome_unknown', 'internal']);

/** What became of a record. */
type Fate =
  | ({ readonly outcome: 'written' } & ProducedResult)
  | {
      readonly outcome: 'not_written' | 'unknown';
      readonly partition: number;
      readonly code: ProblemCode;
    };

/** Those of an append's records. */
const fatesOf = (outcome: PartitionOutcome): readonly Fate[] => {
  const { append } = outcome;
  if ('appended' in outcome)
    return writtenResults(append, outcome.appended).map((result) => ({ outcome: 'written', ...result }));
  const { code } = outcome.problem;
  const fate = leavesUnknown.has(code) ? 'unknown' : 'not_written';
  return append.records.map(() => ({ outcome: fate, partition: append.partition, code }));
};

/** How many records each fate has, and what to do now, whatever the failures were. */
const summary = (fates: readonly Fate[], { results }: Told, mayRepeat: boolean): string => {
  const count = (fate: Fate['outcome']): number => fates.filter(({ outcome }) => outcome === fate).length;
  const where =
    results === undefined
      ? '"appends" says of each append which lines were in it and'
      : '"results" says of each record, in request order,';
  const advice = mayRepeat
    ? 'send all of it again, with the same key, and each record is written once.'
    : 'send again only those that were not_written. One that is unknown may be there, or may come yet.';
  return `Of ${fates.length} records ${count('written')} were written, ${count('not_written')} were not, and of ${count('unknown')} it is not known. ${where} what became of it: ${advice}`;
};

/** What an answer says of its records: of each, or of more than `limits.requestRecords` lines by the appends that they were in. */
type Told = { readonly results?: readonly unknown[] } & Readonly<Record<string, unknown>>;

/** What became of a whole append, whose records' lines are these. */
const toldOfAppend = (outcome: PartitionOutcome, lines: readonly number[]): object => {
  const { partition, indexes } = outcome.append;
  const held = { records: indexes.length, lines: ranges(indexes.map((index) => lines[index] ?? 0)) };
  if ('appended' in outcome) {
    const { base, appendedAt } = outcome.appended;
    return { outcome: 'written', partition, offset: base, appendedAt: timestampText(appendedAt), ...held };
  }
  const { code } = outcome.problem;
  return { outcome: leavesUnknown.has(code) ? 'unknown' : 'not_written', partition, code, ...held };
};

/** `results` are those of each record. */
const told = (
  outcomes: readonly PartitionOutcome[],
  results: readonly unknown[],
  lines: readonly number[] | undefined,
): Told =>
  lines === undefined || lines.length <= limits.requestRecords
    ? { results }
    : { records: lines.length, appends: outcomes.map((outcome) => toldOfAppend(outcome, lines)) };

/**
 * The problem of a request of which some partitions' appends failed. Where nothing was written and nothing is unknown,
 * it is that of one append; else it says of every record what became of it.
 */
const partlyFailed = (
  outcomes: readonly PartitionOutcome[],
  lines: readonly number[] | undefined,
  mayRepeat: boolean,
): Problem | undefined => {
  const problems = outcomes.flatMap((outcome) => ('problem' in outcome ? [outcome.problem] : []));
  const lead = leading(problems);
  if (lead === undefined || outcomes.length === 1) return lead;
  const fates = inRequestOrder(
    outcomes.map((outcome) => ({ append: outcome.append, items: fatesOf(outcome) })),
  );
  const said = told(outcomes, fates, lines);
  if (problems.length < outcomes.length)
    return new Problem('partly_written', summary(fates, said, mayRepeat), { members: said, cause: lead });
  const { members, cause = lead } = lead.details;
  const details = { members: { ...members, ...said }, cause };
  if (leavesUnknown.has(lead.code)) return new Problem(lead.code, summary(fates, said, mayRepeat), details);
  const retryAfterSeconds = Math.max(1, ...problems.map(({ details }) => details.retryAfterSeconds ?? 1));
  return new Problem(lead.code, lead.message, { ...details, retryAfterSeconds });
};

const notBegun = (): Problem =>
  new Problem('unavailable', 'The time of this request was over. Nothing was written; try again.', {
    retryAfterSeconds: 1,
  });

/** Of what would come behind something that was not written: the order of the lines is that of the offsets. */
const notFollowed = ({ details }: Problem): Problem =>
  new Problem('unavailable', 'What goes before this to its partition was not written. Nothing was written.', {
    retryAfterSeconds: details.retryAfterSeconds ?? 1,
  });

export interface AllAppended {
  /** For whoever sent the records. */
  readonly answer: Told;
  /** All of them were there before: nothing was written. */
  readonly isReplayed: boolean;
}

/** A request may name a thousand partitions. Begun all at once, their writes would wait for each other past their time. */
const appendsAtOnce = 32;

/**
 * Appends records to their partitions, some partitions at a time and each append all or nothing. A partition has one append;
 * of lines as many as it needs, one after the other, and none after one that failed.
 * @returns an answer of `results` in the order of `records`, or of more than `limits.requestRecords` lines `records`, how many
 *   they are, and `appends`, with the lines of each.
 * @throws PartitionClosedError when the topic was deleted meanwhile: whatever was written went with it.
 * @throws Problem as Appender.append; where there are several appends, with the member `results` or `appends`, which
 *   says of each record whether it was written. `partly_written` when some of them were.
 */
export const appendAll = async (
  appender: Pick<Appender, 'append'>,
  topic: Topic,
  request: {
    readonly records: readonly NewRecord[];
    readonly partitions: readonly number[];
    readonly expectedOffset?: number;
    readonly origin?: Origin | undefined;
    /** Where the records are lines of a body: the number of each, from 1, and its bytes as stored. */
    readonly lines?: { readonly numbers: readonly number[]; readonly bytes: readonly number[] } | undefined;
    /** How the request says that it may be sent again. */
    readonly repeat?: Repeat | undefined;
    /** Ends the request: what is under way then goes on, and nothing more is begun. */
    readonly signal?: AbortSignal;
  },
): Promise<AllAppended> => {
  const { records, partitions, expectedOffset, origin, lines, repeat, signal } = request;
  let closed: PartitionClosedError | undefined;
  const run = async (append: PartitionAppend): Promise<PartitionOutcome> => {
    if (closed !== undefined) return { append, problem: problemOf(closed) };
    if (signal?.aborted === true) return { append, problem: notBegun() };
    const at: PartitionRef = { topicId: topic.topicId, partition: append.partition };
    try {
      const options = {
        origin,
        ...repeatOfAppend(repeat, append.chunk),
        ...(expectedOffset !== undefined && { expectedOffset }),
      };
      return { append, appended: await appender.append(at, append.records, options) };
    } catch (error) {
      if (error instanceof PartitionClosedError) closed = error;
      return { append, problem: problemOf(error) };
    }
  };
  const runInOrder = async (appends: readonly PartitionAppend[]): Promise<readonly PartitionOutcome[]> => {
    const outcomes: PartitionOutcome[] = [];
    for (const append of appends) {
      const before = outcomes.at(-1);
      const isHeld = before !== undefined && 'problem' in before;
      outcomes.push(isHeld ? { append, problem: notFollowed(before.problem) } : await run(append));
    }
    return outcomes;
  };
  // A producer's number is that of one append.
  const mayBeCut = repeat?.kind !== 'sequence';
  const appends = partitionAppends(records, partitions, mayBeCut ? lines?.bytes : undefined);
  const outcomes = (await concurrently(appendsAtOnce, appends, runInOrder)).flat();
  if (closed !== undefined) throw closed;
  const failure = partlyFailed(outcomes, lines?.numbers, repeat !== undefined);
  if (failure !== undefined) throw failure;
  const results = inRequestOrder(
    outcomes.flatMap((outcome) =>
      'appended' in outcome
        ? [{ append: outcome.append, items: writtenResults(outcome.append, outcome.appended) }]
        : [],
    ),
  );
  return {
    answer: told(outcomes, results, lines?.numbers),
    isReplayed:
      outcomes.length > 0 &&
      outcomes.every((outcome) => 'appended' in outcome && outcome.appended.replayed === true),
  };
};
