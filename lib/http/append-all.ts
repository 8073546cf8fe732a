import { concurrently } from '../domain/concurrently.ts';
import { Problem, type ProblemCode } from '../domain/errors.ts';
import type { Origin } from '../domain/records/origin.ts';
import type { NewRecord, PartitionRef } from '../domain/records/records.ts';
import { timestampText } from '../domain/timestamps.ts';
import type { Topic } from '../domain/topics.ts';
import type { Appended, Appender } from '../log/append/appender.ts';
import { PartitionClosedError } from '../log/closed.ts';
import { problemOf } from './problems.ts';

/** What a producer is told of a record. */
export interface ProducedResult {
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601. */
  readonly timestamp: string;
}

interface PartitionAppend {
  readonly partition: number;
  /** Where each of the records stands in the request. */
  readonly indexes: readonly number[];
  readonly records: readonly NewRecord[];
}

type PartitionOutcome =
  | { readonly append: PartitionAppend; readonly appended: Appended }
  | { readonly append: PartitionAppend; readonly problem: Problem };

const grouped = (records: readonly NewRecord[], partitions: readonly number[]): PartitionAppend[] => {
  const groups = new Map<number, { partition: number; indexes: number[]; records: NewRecord[] }>();
  for (const [index, record] of records.entries()) {
    const partition = partitions[index] ?? 0;
    const group = groups.get(partition) ?? { partition, indexes: [], records: [] };
    group.indexes.push(index);
    group.records.push(record);
    groups.set(partition, group);
  }
  return [...groups.values()];
};

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
const summary = (fates: readonly Fate[]): string => {
  const count = (fate: Fate['outcome']): number => fates.filter(({ outcome }) => outcome === fate).length;
  return `Of ${fates.length} records ${count('written')} were written, ${count('not_written')} were not, and of ${count('unknown')} it is not known. "results" says of each record, in request order, what became of it: send again only those that were not_written. One that is unknown may be there, or may come yet.`;
};

/**
 * The problem of a request of which some partitions' appends failed. Where nothing was written and nothing is unknown,
 * it is that of one append; else it says of every record what became of it.
 */
const partlyFailed = (outcomes: readonly PartitionOutcome[]): Problem | undefined => {
  const problems = outcomes.flatMap((outcome) => ('problem' in outcome ? [outcome.problem] : []));
  const lead = leading(problems);
  if (lead === undefined || outcomes.length === 1) return lead;
  const results = inRequestOrder(
    outcomes.map((outcome) => ({ append: outcome.append, items: fatesOf(outcome) })),
  );
  if (problems.length < outcomes.length)
    return new Problem('partly_written', summary(results), { members: { results }, cause: lead });
  const { members, cause = lead } = lead.details;
  const told = { members: { ...members, results }, cause };
  if (leavesUnknown.has(lead.code)) return new Problem(lead.code, summary(results), told);
  const retryAfterSeconds = Math.max(1, ...problems.map(({ details }) => details.retryAfterSeconds ?? 1));
  return new Problem(lead.code, lead.message, { ...told, retryAfterSeconds });
};

const notBegun = (): Problem =>
  new Problem('unavailable', 'The time of this request was over. Nothing was written; try again.', {
    retryAfterSeconds: 1,
  });

/** A request may name a thousand partitions. Begun all at once, their writes would wait for each other past their time. */
const appendsAtOnce = 32;

/**
 * Appends records to their partitions, some at a time and each all or nothing.
 * @returns the results in the order of `records`
 * @throws PartitionClosedError when the topic was deleted meanwhile: whatever was written went with it.
 * @throws Problem as Appender.append; where there are several partitions, with the member `results`, which says of each
 *   record whether it was written. `partly_written` when some of them were.
 */
export const appendAll = async (
  appender: Pick<Appender, 'append'>,
  topic: Topic,
  request: {
    readonly records: readonly NewRecord[];
    readonly partitions: readonly number[];
    readonly expectedOffset?: number;
    readonly origin?: Origin | undefined;
    /** Ends the request: what is under way then goes on, and nothing more is begun. */
    readonly signal?: AbortSignal;
  },
): Promise<readonly ProducedResult[]> => {
  const { records, partitions, expectedOffset, origin, signal } = request;
  let closed: PartitionClosedError | undefined;
  const run = async (append: PartitionAppend): Promise<PartitionOutcome> => {
    if (closed !== undefined) return { append, problem: problemOf(closed) };
    if (signal?.aborted === true) return { append, problem: notBegun() };
    const at: PartitionRef = { topicId: topic.topicId, partition: append.partition };
    try {
      const options = { origin, ...(expectedOffset !== undefined && { expectedOffset }) };
      return { append, appended: await appender.append(at, append.records, options) };
    } catch (error) {
      if (error instanceof PartitionClosedError) closed = error;
      return { append, problem: problemOf(error) };
    }
  };
  const outcomes = await concurrently(appendsAtOnce, grouped(records, partitions), run);
  if (closed !== undefined) throw closed;
  const failure = partlyFailed(outcomes);
  if (failure !== undefined) throw failure;
  return inRequestOrder(
    outcomes.flatMap((outcome) =>
      'appended' in outcome
        ? [{ append: outcome.append, items: writtenResults(outcome.append, outcome.appended) }]
        : [],
    ),
  );
};
