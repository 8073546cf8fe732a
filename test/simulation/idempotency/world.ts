import { storedKey } from '../../../lib/domain/idempotency/keys.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import type { IdempotencyStores } from '../../../lib/log/idempotency/screening.ts';
import { BatchTable } from '../../../lib/stores/memory/batches.ts';
import { MemoryIntentStore } from '../../../lib/stores/memory/intents.ts';
import { MemoryProducerStore } from '../../../lib/stores/memory/producers.ts';
import { untouchedPartition } from '../../../lib/stores/partitions.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { trim } from '../../harness/trim.ts';
import { hotPartition } from '../log/actors.ts';
import { LogHistory, namedBy } from '../log/history.ts';
import { Connection, type Faults, noFaults, skewOf, someFaults, spread } from '../log/network.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from '../scheduler.ts';
import {
  type AnyAppender,
  type ClientDeps,
  checkRepeated,
  type Repeated,
  repeatedOf,
  sendOnce,
  sendUntilAnswered,
} from './clients.ts';
import { Producer } from './producer.ts';
import { genuine, type IdempotencyVariant } from './variant.ts';

const minute = 60_000;

export interface IdempotencyResult {
  /** Undefined when every invariant held. */
  readonly breach: string | undefined;
  /** Records in the log. */
  readonly stored: number;
  /** Appends that were sent again and again, and of these those that were answered while all went wrong. */
  readonly repeated: number;
  readonly answered: number;
}

const mostFaults: Faults = {
  loseRequest: 0.15,
  loseResponse: 0.2,
  late: 0.15,
  duplicate: 0.1,
  throttle: 0.15,
  freeze: 0.1,
  crash: 0.06,
  step: 0.05,
};

/** One partition, to which clients with keys, numbered producers and others append by processes that crash at any await. */
class IdempotencyWorld {
  readonly #random: Random;
  readonly #variant: IdempotencyVariant;
  readonly #scheduler = new Scheduler();
  readonly #history = new LogHistory();
  readonly #state = { ...untouchedPartition };
  readonly #table: BatchTable;
  readonly #intents = new MemoryIntentStore();
  readonly #producers: MemoryProducerStore;
  readonly #producersBytes: number;
  #faults: Faults;
  readonly #processes: { readonly appender: AnyAppender; readonly process: SimulatedProcess }[] = [];

  constructor(seed: number, variant: IdempotencyVariant) {
    const random = seededRandom(seed);
    this.#random = random;
    this.#variant = variant;
    this.#faults = someFaults(random, mostFaults);
    this.#table = new BatchTable({ showsWinner: random.number() < 0.5 });
    this.#producers = new MemoryProducerStore({ now: () => this.#scheduler.now() });
    // Room for one producer, for two or three, or for all.
    this.#producersBytes = [40, 90, 512][Math.floor(random.number() * 3)] ?? 512;
  }

  async run(): Promise<IdempotencyResult> {
    const { number } = this.#random;
    for (let count = 2 + Math.floor(number() * 3); count > 0; count -= 1) this.#startProcess();
    const deps = this.#client();
    const keyed = Array.from({ length: 1 + Math.floor(number() * 4) }, (_, index) =>
      repeatedOf(`k${index}`, this.#random, { key: storedKey(`k${index}`) }),
    );
    const producers = Array.from(
      { length: Math.floor(number() * 4) },
      (_, index) => new Producer(deps, `p${index}`),
    );
    void this.#disturb();
    void this.#trimNowAndThen();
    const all = [
      ...keyed.map((each) => this.#later(() => sendUntilAnswered(deps, each, 8))),
      ...producers.map((each) => this.#later(() => each.run(1 + Math.floor(number() * 2), 4))),
    ];
    void Promise.all(all);
    await this.#settle();
    const answered = keyed.filter(({ bases }) => bases.length > 0).length;
    await this.#endCalmly(keyed, producers);
    return { breach: this.#history.breach, stored: this.#history.end, repeated: keyed.length, answered };
  }

  async #later(run: () => Promise<void>): Promise<void> {
    await this.#clock().sleep(spread(this.#random, 1, 10_000));
    await run();
  }

  /** Of the world: it is no process's, and nothing happens to it. */
  #clock() {
    return this.#scheduler.process().clock;
  }

  async #settle(): Promise<void> {
    await this.#scheduler.run({ when: () => this.#history.breach !== undefined });
  }

  #connect(skewMs = skewOf(this.#random)): { connection: Connection; process: SimulatedProcess } {
    const process = this.#scheduler.process();
    const connection = new Connection(
      {
        scheduler: this.#scheduler,
        random: this.#random,
        table: this.#table,
        history: this.#history,
        faults: () => this.#faults,
        redates: false,
      },
      process,
      skewMs,
    );
    return { connection, process };
  }

  #stores(connection: Connection): IdempotencyStores {
    const producers = this.#producers;
    const intents = this.#variant.table?.(this.#intents) ?? this.#intents;
    const reached: IdempotencyStores = {
      intents: {
        begin: (ref, intent, now, signal) => connection.state(() => intents.begin(ref, intent, now), signal),
        find: (ref, signal) => connection.state(() => intents.find(ref), signal),
        move: (ref, to, signal) => connection.state(() => intents.move(ref, to), signal),
        takeOver: (ref, from, signal) => connection.state(() => intents.takeOver(ref, from), signal),
      },
      producers: {
        get: (at, id, signal) => connection.state(() => producers.get(at, id), signal),
        park: (at, state, now, signal) => connection.state(() => producers.park(at, state, now), signal),
      },
    };
    return {
      intents: this.#variant.intents?.(reached.intents) ?? reached.intents,
      producers: this.#variant.producers?.(reached.producers) ?? reached.producers,
    };
  }

  #appender(connection: Connection): Appender {
    const { batches, clock } = connection;
    return new Appender({
      batches: this.#variant.batches?.(batches) ?? batches,
      clock,
      random: this.#random,
      idempotency: this.#stores(connection),
      options: { producersBytes: this.#producersBytes },
    });
  }

  #startProcess(skewMs?: number): AnyAppender {
    const { connection, process } = this.#connect(skewMs);
    const appender = this.#appender(connection);
    // A call reaches a process that is frozen when it goes on, and one that crashed never.
    const reached: AnyAppender = {
      append: (at, records, call) =>
        new Promise((resolve, reject) => {
          process.after(spread(this.#random, 0.5, 20), () =>
            appender.append(at, records, call).then(resolve, reject),
          );
        }),
    };
    this.#processes.push({ appender: reached, process });
    return reached;
  }

  /** Where a process crashed, another is started. */
  #anyAppender(): AnyAppender {
    const index = Math.floor(this.#random.number() * this.#processes.length);
    const chosen = this.#processes[index];
    if (chosen !== undefined && !chosen.process.crashed) return chosen.appender;
    this.#processes.splice(index, 1);
    return this.#startProcess();
  }

  #client(): ClientDeps {
    return {
      clock: this.#clock(),
      random: this.#random,
      history: this.#history,
      anyAppender: () => this.#anyAppender(),
    };
  }

  /** Others append, with neither key nor number, so that slots are taken. */
  async #disturb(): Promise<void> {
    const clock = this.#clock();
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.sleep(spread(this.#random, 1, this.#random.number() < 0.8 ? 1_000 : 60 * minute));
      const append = this.#anyAppender().append(hotPartition, [{ headersJson: namedBy(`other${turn}`) }]);
      append.catch(() => undefined);
    }
  }

  async #trimNowAndThen(): Promise<void> {
    const { connection } = this.#connect();
    const { clock, batches } = connection;
    const deps = { batches, partitions: connection.partitions(this.#state), clock, ...this.#variant.trim };
    for (let round = 0; round < 12; round += 1) {
      await clock.sleep(spread(this.#random, minute, 60 * minute));
      await Promise.race([trim(deps, hotPartition, this.#history.end).catch(() => 0), clock.sleep(minute)]);
    }
  }

  /** Without any more faults whatever is open is sent once more, by a new process, and is answered. */
  async #endCalmly(keyed: readonly Repeated[], producers: readonly Producer[]): Promise<void> {
    if (this.#history.breach !== undefined) return;
    this.#faults = noFaults;
    const appender = this.#startProcess(0);
    const deps = { ...this.#client(), anyAppender: () => appender };
    const open = [...keyed, ...producers.flatMap((each) => each.open)].filter(
      ({ bases, refused }) => bases.length === 0 && refused === undefined,
    );
    // And what was answered is answered the same.
    const again = keyed.filter(({ bases }) => bases.length > 0);
    void Promise.all([...open, ...again].map((each) => sendOnceMore(deps, each)));
    await this.#settle();
    for (const each of open)
      if (each.bases.length === 0 && each.refused === undefined)
        this.#history.report(`${each.names[0]} cannot be appended`);
    for (const each of keyed) checkRepeated(this.#history, each);
    for (const each of producers) each.check(this.#history);
    this.#history.checkTable(this.#table.batches(hotPartition));
  }
}

const sendOnceMore = async (deps: ClientDeps, repeated: Repeated): Promise<void> => {
  const before = repeated.bases.length;
  const isOpen = (): boolean => repeated.bases.length === before && repeated.refused === undefined;
  for (let attempt = 0; attempt < 5 && isOpen(); attempt += 1) await sendOnce(deps, repeated, 60 * minute);
};

/** Runs one seed. The same seed gives the same run. */
export const runIdempotency = (
  seed: number,
  variant: IdempotencyVariant = genuine,
): Promise<IdempotencyResult> => new IdempotencyWorld(seed, variant).run();
