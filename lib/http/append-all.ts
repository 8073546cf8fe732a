import { Problem, type ProblemCode } from '../domain/errors.ts';
import type { Origin } from '../domain/origin.ts';
import type { NewRecord, PartitionRef } from '../domain/records.ts';
import { timestampText } from '../domain/timestamps.ts';
import type { Topic } from '../domain/topics.ts';
import type { Appended, Appender } from '../log/appender.ts';
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

const writtenResults = (
  { append, appended }: { append: PartitionAppend; appended: Appended },
  results: Map<number, ProducedResult>,
): void => {
  for (const [position, index] of append.indexes.entries()) {
    results.set(index, {
      partition: append.partition,
      offset: appended.base + position,
      timestamp: timestampText(append.records[position]?.timestamp ?? appended.appendedAt),
    });
  }
};

const inOrder = <Item>(items: ReadonlyMap<number, Item>): Item[] =>
  [...items].sort(([a], [b]) => a - b).map(([, item]) => item);

/** The failure that says most of what happened: one that leaves something unknown, else the first. */
const leading = (problems: readonly Problem[]): Problem | undefined =>
  problems.find(({ code }) => code === 'outcome_unknown') ??
  problems.find(({ code }) => code === 'internal') ??
  problems[0];

const leavesUnknown: ReadonlySet<ProblemCode> = new Set(['outcome_unknown', 'internal']);

/** The problem of a request of which some partitions' appends failed: it says of every record what became of it. */
const partlyFailed = (outcomes: readonly PartitionOutcome[]): Problem | undefined => {
  const failures = outcomes.filter((outcome) => 'problem' in outcome);
  const lead = leading(failures.map(({ problem }) => problem));
  if (lead === undefined || outcomes.length === 1) return lead;
  const results = new Map<number, object>();
  for (const outcome of outcomes) {
    if ('problem' in outcome) {
      const { code } = outcome.problem;
      const state = leavesUnknown.has(code) ? 'unknown' : 'not_written';
      for (const index of outcome.append.indexes) {
        results.set(index, { outcome: state, partition: outcome.append.partition, code });
      }
    } else {
      const written = new Map<number, ProducedResult>();
      writtenResults(outcome, written);
      for (const [index, result] of written) results.set(index, { outcome: 'written', ...result });
    }
  }
  const retryAfter = Math.max(0, ...failures.map(({ problem }) => problem.details.retryAfterSeconds ?? 0));
  return new Problem(
    lead.code,
    `The appends to ${failures.length} of ${outcomes.length} partitions failed. "results" says of each record, in request order, what became of it: send again those that were not_written. The failure: ${lead.message}`,
    {
      members: { ...lead.details.members, results: inOrder(results) },
      cause: lead.details.cause ?? lead,
      ...(retryAfter > 0 && { retryAfterSeconds: retryAfter }),
    },
  );
};

/**
 * Appends records to their partitions, all partitions at the same time and each all or nothing.
 * @returns the results in the order of `records`
 * @throws PartitionClosedError when the topic was deleted meanwhile: whatever was written went with it.
 * @throws Problem as Appender.append; where there are several partitions, with the member `results`, which says of each
 *   record whether it was written.
 */
export const appendAll = async (
  appender: Pick<Appender, 'append'>,
  topic: Topic,
  request: {
    readonly records: readonly NewRecord[];
    readonly partitions: readonly number[];
    readonly expectedOffset?: number;
    readonly origin?: Origin | undefined;
  },
): Promise<readonly ProducedResult[]> => {
  const { records, partitions, expectedOffset, origin } = request;
  let closed: PartitionClosedError | undefined;
  const run = async (append: PartitionAppend): Promise<PartitionOutcome> => {
    const at: PartitionRef = { topicId: topic.topicId, partition: append.partition };
    try {
      const options = { origin, ...(expectedOffset !== undefined && { expectedOffset }) };
      return { append, appended: await appender.append(at, append.records, options) };
    } catch (error) {
      if (error instanceof PartitionClosedError) closed = error;
      return { append, problem: problemOf(error) };
    }
  };
  const outcomes = await Promise.all(grouped(records, partitions).map(run));
  if (closed !== undefined) throw closed;
  const failure = partlyFailed(outcomes);
  if (failure !== undefined) throw failure;
  const results = new Map<number, ProducedResult>();
  for (const outcome of outcomes) if ('appended' in outcome) writtenResults(outcome, results);
  return inOrder(results);
};
