import { Appender } from '../../../lib/log/append/appender.ts';
import { Reader } from '../../../lib/log/read/reader.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import { type TailRules, tailRules } from '../../../lib/log/tail.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { BatchTable, type BatchTableOptions } from '../../../lib/stores/memory/batches.ts';
import { untouchedPartition } from '../../../lib/stores/partitions.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { trim } from '../../harness/trim.ts';
import { Scheduler, seededRandom } from '../scheduler.ts';
import { checkTold, hotPartition, ownKeys, type Told, write } from './actors.ts';
import { LogHistory, namedBy } from './history.ts';
import { Connection, type Faults, noFaults, skewOf, someFaults, spread } from './network.ts';
import { asReadersAsk, read, readOnce } from './readers.ts';

const minute = 60_000;

/** What a mutant changes: the stores as the product sees them, the rules it is given, or the table itself. */
export interface LogVariant {
  readonly name: string;
  readonly writerStore?: (store: BatchStore) => BatchStore;
  readonly trimStore?: (store: BatchStore) => BatchStore;
  readonly rules?: TailRules;
  readonly table?: BatchTableOptions;
  readonly trimMinAgeMs?: number;
  /** Signatures are dated by the store's clock. */
  readonly redates?: boolean;
}

export const genuine: LogVariant = { name: 'the protocol as it is' };

export interface LogResult {
  /** Undefined when every invariant held. */
  readonly breach: string | undefined;
  /** Records in the log. */
  readonly stored: number;
  /** Appends, by what their writers were told. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
}

/** How likely a mishap is at most. */
const mostFaults: Faults = {
  loseRequest: 0.15,
  loseResponse: 0.15,
  late: 0.15,
  duplicate: 0.1,
  throttle: 0.2,
  freeze: 0.15,
  crash: 0.02,
  step: 0.08,
};

/** One world of one partition: up to 8 writers, 2 readers and a trimmer over hours of virtual time, then a calm end. */
class LogWorld {
  readonly #random: Random;
  readonly #variant: LogVariant;
  readonly #scheduler = new Scheduler();
  readonly #history = new LogHistory();
  readonly #state = { ...untouchedPartition };
  readonly #told: Told[] = [];
  readonly #table: BatchTable;
  #faults: Faults;
  readonly #actors: { readonly name: string; readonly crashed: () => boolean; ended: boolean }[] = [];

  constructor(seed: number, variant: LogVariant) {
    const random = seededRandom(seed);
    this.#random = random;
    this.#variant = variant;
    this.#faults = someFaults(random, mostFaults);
    const lagMs = random.number() < 0.5 ? 1_000 : 20;
    this.#table = new BatchTable({
      showsWinner: random.number() < 0.5,
      missed: (storedAt, now) => now - storedAt < lagMs && random.number() < 0.5,
      torn: () => random.number() < 0.3,
      ...variant.table,
    });
  }

  async run(): Promise<LogResult> {
    const history = this.#history;
    const writers = 1 + Math.floor(this.#random.number() * 8);
    const closes = this.#random.number() < 0.1 ? 0.3 : 0;
    const appends = 2 + Math.floor(this.#random.number() * 6);
    for (let index = 0; index < writers; index += 1) this.#startWriter(`w${index}`, appends, closes);
    for (let index = 0; index < 2; index += 1) this.#startReader();
    this.#startTrimmer();
    await this.#settle();
    if (history.breach === undefined) await this.#endCalmly();
    const count = (isSo: (told: Told) => boolean): number => this.#told.filter(isSo).length;
    return {
      breach: history.breach ?? history.misdated,
      stored: history.end,
      acknowledged: count(({ answer }) => typeof answer === 'object'),
      refused: count(({ answer }) => answer === 'not written'),
      unknown: count(({ answer }) => answer === 'unknown'),
    };
  }

  /** Runs until nothing is left to happen: every late write has landed then. */
  async #settle(): Promise<void> {
    await this.#scheduler.run({ when: () => this.#history.breach !== undefined });
  }

  #connect(skewMs = skewOf(this.#random)): { connection: Connection; crashed: () => boolean } {
    const process = this.#scheduler.process();
    const connection = new Connection(
      {
        scheduler: this.#scheduler,
        random: this.#random,
        table: this.#table,
        history: this.#history,
        faults: () => this.#faults,
        redates: this.#variant.redates ?? false,
      },
      process,
      skewMs,
    );
    return { connection, crashed: () => process.crashed };
  }

  /** Starts an actor, which must come to its end unless its process crashes. */
  #start(name: string, crashed: () => boolean, actor: Promise<void>): void {
    const state = { name, crashed, ended: false };
    this.#actors.push(state);
    actor.then(
      () => {
        state.ended = true;
      },
      (error: unknown) => this.#history.report(`${name} failed: ${String(error)}`),
    );
  }

  #startWriter(name: string, appends: number, closes: number): void {
    const { connection, crashed } = this.#connect();
    const { clock } = connection;
    const random = this.#random;
    const appender = this.#appender(connection);
    const deps = {
      name,
      appender,
      connection,
      clock,
      random,
      history: this.#history,
      told: this.#told,
      appends,
      closes,
      content: ownKeys,
    };
    this.#start(name, crashed, write(deps));
  }

  #appender({ batches, clock }: Connection): Appender {
    const { writerStore, rules } = this.#variant;
    return new Appender({
      batches: writerStore?.(batches) ?? batches,
      clock,
      random: this.#random,
      rules: rules ?? tailRules,
    });
  }

  #reader(connection: Connection) {
    const { clock, batches } = connection;
    const deps = { batches, partitions: connection.partitions(this.#state), clock };
    const reader = new Reader(deps);
    const runs = new RunReader({ ...deps, ask: asReadersAsk(clock) });
    return { reader, runs, clock, random: this.#random, history: this.#history, state: this.#state };
  }

  #startReader(): void {
    const { connection, crashed } = this.#connect();
    this.#start('a reader', crashed, read(this.#reader(connection), 12));
  }

  #startTrimmer(): void {
    const { connection, crashed } = this.#connect();
    this.#start('the trimmer', crashed, this.#trimNowAndThen(connection));
  }

  /** Each attempt is given up after a while, as its function would be; a later one goes on. */
  async #trimNowAndThen(connection: Connection): Promise<void> {
    const { clock, batches } = connection;
    const deps = {
      batches: this.#variant.trimStore?.(batches) ?? batches,
      partitions: connection.partitions(this.#state),
      clock,
      ...(this.#variant.trimMinAgeMs !== undefined && { minAgeMs: this.#variant.trimMinAgeMs }),
    };
    for (let round = 0; round < 12; round += 1) {
      await clock.sleep(spread(this.#random, minute, 60 * minute));
      const upTo =
        this.#random.number() < 0.5
          ? this.#history.end
          : Math.floor(this.#random.number() * this.#history.end);
      await Promise.race([trim(deps, hotPartition, upTo).catch(() => 0), clock.sleep(minute)]);
    }
  }

  /** Without any more faults: everybody has an answer, and a new reader and a new writer find the log as it should be. */
  async #endCalmly(): Promise<void> {
    const history = this.#history;
    for (const { name, crashed, ended } of this.#actors)
      if (!ended && !crashed()) history.report(`${name} waits for ever`);
    checkTold(history, this.#told);
    history.checkTable(this.#table.batches(hotPartition));
    this.#faults = noFaults;
    const { connection } = this.#connect(0);
    const deps = this.#reader(connection);
    let offset: number | undefined = this.#state.startOffset;
    const readToEnd = async (): Promise<void> => {
      while (offset !== undefined && offset < history.end) offset = await readOnce(deps, offset);
    };
    const done = readToEnd();
    await this.#settle();
    if (offset !== history.end)
      history.report(`the log ends at ${history.end}, and can be read to ${offset} only`);
    else await done;
    if (!history.closed) await this.#appendAtTheEnd();
  }

  async #appendAtTheEnd(): Promise<void> {
    const due = this.#history.end;
    const appended = this.#appender(this.#connect(0).connection).append(hotPartition, [
      { headersJson: namedBy('last') },
    ]);
    appended.catch((error: unknown) =>
      this.#history.report(`nothing can be appended at ${due}: ${String(error)}`),
    );
    await this.#settle();
    if (this.#history.offsetOf('last') !== due) this.#history.report(`the last append is not at ${due}`);
  }
}

/** Runs one seed. The same seed gives the same run. */
export const runLog = (seed: number, variant: LogVariant = genuine): Promise<LogResult> =>
  new LogWorld(seed, variant).run();
