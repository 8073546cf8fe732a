import { concurrently } from '../../lib/domain/concurrently.ts';
import type { Broker, Page } from '../broker/broker.ts';
import { BrokerProblem } from '../broker/problem.ts';
import type { Progress, Work } from '../terminal/progress.ts';
import { checkHeld } from './held.ts';
import type { ExportRange } from './plan.ts';
import type { Sink } from './sink.ts';

export interface ExportDeps {
  readonly broker: Broker;
  readonly progress: Pick<Progress, 'tell' | 'resumeAt'>;
  readonly remark: (line: string) => void;
  readonly signal: AbortSignal;
  readonly openSink: (range: ExportRange) => Promise<Sink>;
}

const partitionsAtOnce = 4;

/** Offsets that there are to pass, of all partitions, and how many have been. */
class Passed {
  readonly #total: number;
  #passed = 0;
  records = 0;
  bytes = 0;
  /** Another partition could not be copied: the others end where they are. */
  isOver = false;

  constructor(ranges: readonly ExportRange[]) {
    this.#total = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
  }

  get fraction(): number {
    return this.#total === 0 ? 1 : this.#passed / this.#total;
  }

  pass(offsets: number): void {
    this.#passed += offsets;
  }
}

/** The page from an offset on. Where retention has passed it, that from the start on. */
const pageFrom = async (
  { broker, remark }: ExportDeps,
  topic: string,
  partition: number,
  offset: number,
): Promise<Page> => {
  try {
    return await broker.fetch(topic, partition, { offset });
  } catch (error) {
    const isPassed = error instanceof BrokerProblem && error.status === 416;
    if (!isPassed || error.startOffset === undefined || error.startOffset <= offset) throw error;
    remark(
      `Partition ${partition}: retention let go of offsets ${offset} to below ${error.startOffset}, which are left out.`,
    );
    return broker.fetch(topic, partition, { offset: error.startOffset });
  }
};

const offsetOf = (record: string): number => (JSON.parse(record) as { readonly offset: number }).offset;

/** The records of a page that are below `to`. They are in order, and mostly all of them are. */
const below = (page: Page, to: number): Page => {
  if (page.nextOffset <= to) return page;
  return { records: page.records.filter((record) => offsetOf(record) < to), nextOffset: to };
};

const copy = async (
  deps: ExportDeps,
  topic: string,
  { partition, from, to }: ExportRange,
  { sink, passed }: { readonly sink: Sink; readonly passed: Passed },
): Promise<void> => {
  // What a run that ended left unfinished is cut off, also where there is nothing to add.
  await sink.write([], from);
  let next = from;
  let ahead = next < to ? pageFrom(deps, topic, partition, next) : undefined;
  while (ahead !== undefined) {
    const page = below(await ahead, to);
    const isEmpty = page.nextOffset <= next;
    // The next page is on its way while this one is written.
    ahead = page.nextOffset < to && !isEmpty ? pageFrom(deps, topic, partition, page.nextOffset) : undefined;
    // Told when it is awaited.
    ahead?.catch(() => undefined);
    await sink.write(page.records, page.nextOffset);
    passed.pass(page.nextOffset - next);
    passed.records += page.records.length;
    passed.bytes += page.records.reduce((sum, record) => sum + record.length, 0);
    next = page.nextOffset;
    deps.progress.tell(passed);
    deps.signal.throwIfAborted();
    if (passed.isOver) return;
  }
};

/**
 * Copies what is planned of a topic into sinks, some partitions at a time, each from where its sink ends. Gives what it wrote.
 * @throws what went wrong; what was written by then is kept, and the next run goes on there.
 */
export const exportTopic = async (
  deps: ExportDeps,
  topic: string,
  ranges: readonly ExportRange[],
): Promise<Pick<Work, 'records' | 'bytes'>> => {
  const passed = new Passed(ranges);
  let isToldOfHeld = false;
  const tellOfHeld = (): void => {
    if (!isToldOfHeld) deps.remark('Going on behind what is there already.');
    isToldOfHeld = true;
  };
  await concurrently(partitionsAtOnce, ranges, async (range) => {
    const sink = await deps.openSink(range);
    try {
      const { held } = sink;
      if (held !== undefined) {
        await checkHeld(deps, topic, range, held);
        tellOfHeld();
      }
      const from = Math.max(range.from, held?.end ?? 0);
      passed.pass(Math.max(0, Math.min(from, range.to) - range.from));
      deps.progress.resumeAt(passed.fraction);
      await copy(deps, topic, { ...range, from }, { sink, passed });
    } catch (error) {
      passed.isOver = true;
      throw error;
    } finally {
      await sink.close();
    }
  }).catch((error: unknown) => {
    throw deps.signal.aborted ? deps.signal.reason : error;
  });
  return passed;
};
