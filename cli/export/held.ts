import type { JsonText } from '../../lib/domain/json/text.ts';
import type { Broker } from '../broker/broker.ts';
import { BrokerProblem } from '../broker/problem.ts';
import { CommandError } from '../failure.ts';
import type { ExportRange } from './plan.ts';
import type { Held } from './sink.ts';

export interface HeldDeps {
  readonly broker: Pick<Broker, 'fetch'>;
  readonly remark: (line: string) => void;
}

interface Shown {
  readonly offset: number;
  readonly record: JsonText;
}

/** The first record at or behind an offset; undefined where there is none, or it was let go of meanwhile. */
const shownAt = async (
  broker: Pick<Broker, 'fetch'>,
  topic: string,
  partition: number,
  offset: number,
): Promise<Shown | undefined> => {
  try {
    const [record] = (await broker.fetch(topic, partition, { offset }, 1)).records;
    return record && { record, offset: (JSON.parse(record) as { readonly offset: number }).offset };
  } catch (error) {
    if (error instanceof BrokerProblem && error.status === 416) return undefined;
    throw error;
  }
};

/** Why what is there is none of what is to be exported; undefined where it may be a part of it. */
const whyOther = async (
  { broker }: HeldDeps,
  topic: string,
  { partition, from, to, start, end }: ExportRange,
  held: Held,
): Promise<string | undefined> => {
  const { first, last } = held;
  const other = `are not those of partition ${partition} of ${topic}, but of another topic, or of one that had its name before`;
  if (last >= end) return other;
  const now = last < start ? undefined : await shownAt(broker, topic, partition, last);
  if (now?.offset === last && !held.isLast(now.record)) return other;
  if (last >= to) return `go up to offset ${last} of partition ${partition}, which is beyond --to`;
  const wanted = from < first ? await shownAt(broker, topic, partition, from) : undefined;
  if (wanted !== undefined && wanted.offset < first)
    return `begin at offset ${first} of partition ${partition}, and offset ${wanted.offset} is asked for too`;
  if (from > held.end && from > start)
    return `end before offset ${held.end} of partition ${partition}, and what is asked for begins at ${from}`;
  return undefined;
};

/**
 * Sees that what a sink has is the beginning of what is to be exported: then it is gone on with, and nothing is left out, or
 * mixed with records of another topic.
 * @throws CommandError where it is something else.
 */
export const checkHeld = async (
  deps: HeldDeps,
  topic: string,
  range: ExportRange,
  held: Held,
): Promise<void> => {
  const why = await whyOther(deps, topic, range, held);
  if (why !== undefined) throw new CommandError(`The records in ${held.path} ${why}. Give another --out.`);
  if (range.from > held.end)
    deps.remark(
      `Partition ${range.partition}: retention let go of offsets ${held.end} to below ${range.from}, which are left out.`,
    );
};
