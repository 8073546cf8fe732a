import { archivePartition } from '../../lib/archive/archiver.ts';
import type { ArchiverDeps } from '../../lib/archive/deps.ts';
import { type ArchiveOptions, archiveDefaults } from '../../lib/archive/options.ts';
import { deleteOrphans, type OrphanDeps } from '../../lib/archive/orphans.ts';
import { ArchiveReader } from '../../lib/archive/read/reader.ts';
import { RemovalTurns } from '../../lib/delivery/sweep/take-apart.ts';
import { batchEnd, bytesThrough, closesPartition } from '../../lib/domain/records/batches.ts';
import type { Topic } from '../../lib/domain/topics.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { RunReader } from '../../lib/log/read/run.ts';
import { type TailRules, tailRules } from '../../lib/log/tail.ts';
import { BatchTable } from '../../lib/stores/memory/batches.ts';
import type { PartitionStore } from '../../lib/stores/partitions.ts';
import type { TopicRemoval } from '../../lib/stores/removals.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { jsonSegments } from '../harness/json-segments.ts';
import { ArchiveServer } from './archive-store.ts';
import { asReadersAsk, checkTold, hotPartition, read, readOnce, type Told, write } from './log-actors.ts';
import { LogHistory } from './log-history.ts';
import { Connection, type Faults, noFaults, skewOf, someFaults, spread } from './log-network.ts';
import { Scheduler, seededRandom } from './scheduler.ts';

const minute = 60_000;
const hour = 60 * minute;
/** A function's longest run. */
const runMs = 15 * minute;
/** By how much the time of an append and the clock of who lets it go may both be off, where the store looks at signatures. */
const clocksOffMs = 31 * minute;

/** What a mutant changes: the archiver's stores, the clock of who clears away, or the rules of those who append. */
export interface ArchiveVariant {
  readonly name: string;
  readonly archiver?: (deps: ArchiverDeps, server: ArchiveServer) => ArchiverDeps;
  readonly orphans?: (deps: OrphanDeps) => OrphanDeps;
  readonly rules?: TailRules;
  readonly options?: Partial<ArchiveOptions>;
}

export const genuine: ArchiveVariant = { name: 'the protocol as it is' };

export interface ArchiveResult {
  /** Undefined when every invariant held. */
  readonly breach: string | undefined;
  /** Records in the log. */
  readonly stored: number;
  /** The start offset in the end. */
  readonly start: number;
  /** Segments that manifests named, ever. */
  readonly segments: number;
}

/** How likely a mishap is at most. */
const mostFaults: Faults = {
  loseRequest: 0.1,
  loseResponse: 0.1,
  late: 0.1,
  duplicate: 0.2,
  throttle: 0.1,
  freeze: 0.1,
  crash: 0.02,
  step: 0.05,
};

/** One world of one partition: writers, archivers and whoever clears away, over many hours, then a calm end. */
class ArchiveWorld {
  readonly #random: Random;
  readonly #variant: ArchiveVariant;
  readonly #scheduler = new Scheduler();
  readonly #history = new LogHistory();
  readonly #told: Told[] = [];
  readonly #table: BatchTable;
  readonly #server: ArchiveServer;
  /** Its settings change meanwhile. */
  #topic: Topic;
  /** Whether the name is still the topic's. */
  #isNamed = true;
  #deletingSince: number | undefined;
  #removal: TopicRemoval | undefined;
  readonly #options: ArchiveOptions;
  #faults: Faults;
  #segments = 0;

  constructor(seed: number, variant: ArchiveVariant) {
    const random = seededRandom(seed);
    this.#random = random;
    this.#variant = variant;
    this.#faults = someFaults(random, mostFaults);
    this.#table = new BatchTable({
      missed: (storedAt, now) => now - storedAt < 1_000 && random.number() < 0.5,
      torn: () => random.number() < 0.3,
    });
    const now = (): number => this.#scheduler.now();
    this.#server = new ArchiveServer({ table: this.#table, history: this.#history, now });
    const maybe = (value: number): number | null => (random.number() < 0.5 ? null : value);
    this.#topic = {
      name: 'orders',
      topicId: hotPartition.topicId,
      createdAt: 0,
      version: 1,
      partitions: 1,
      archive: random.number() < 0.9,
      retentionHours: maybe(Math.ceil(spread(random, 1, 24))),
      retentionBytes: maybe(Math.ceil(spread(random, 50, 3_000))),
    };
    this.#options = {
      ...archiveDefaults,
      segmentMaxBytes: spread(random, 50, 3_000),
      segmentMaxAgeMs: spread(random, minute, 3 * hour),
      ...variant.options,
    };
  }

  async run(): Promise<ArchiveResult> {
    const writers = 1 + Math.floor(this.#random.number() * 4);
    for (let index = 0; index < writers; index += 1) this.#startWriter(`w${index}`);
    for (let index = 0; index < 3; index += 1)
      this.#start((connection) => this.#archiveNowAndThen(connection));
    this.#start((connection) => this.#clearNowAndThen(connection));
    for (let index = 0; index < 2; index += 1)
      this.#start((connection) => read(this.#reader(connection), 12));
    if (this.#random.number() < 0.15) this.#start((connection) => this.#deleteTopic(connection));
    if (this.#random.number() < 0.3) this.#start(({ clock }) => this.#turnOnAndOff(clock));
    await this.#settle();
    if (this.#history.breach === undefined) await this.#endCalmly();
    return {
      breach: this.#history.breach,
      stored: this.#history.end,
      start: this.#server.state.startOffset,
      segments: this.#segments,
    };
  }

  /** Runs until nothing is left to happen: every late write has landed then. */
  async #settle(): Promise<void> {
    await this.#scheduler.run({ when: () => this.#history.breach !== undefined });
  }

  #connect(skewMs = skewOf(this.#random)): Connection {
    const deps = {
      scheduler: this.#scheduler,
      random: this.#random,
      table: this.#table,
      history: this.#history,
      faults: () => this.#faults,
      redates: false,
    };
    return new Connection(deps, this.#scheduler.process(), skewMs);
  }

  #start(act: (connection: Connection) => Promise<void>): void {
    act(this.#connect()).catch((error: unknown) => this.#history.report(`an actor failed: ${String(error)}`));
  }

  #startWriter(name: string): void {
    this.#start(async (connection) => {
      const { clock, batches } = connection;
      const { rules = tailRules } = this.#variant;
      const random = this.#random;
      const appender = new Appender({ batches, clock, random, rules });
      const appends = 2 + Math.floor(random.number() * 6);
      await write({
        name,
        appender,
        connection,
        clock,
        random,
        history: this.#history,
        told: this.#told,
        appends,
        closes: 0,
      });
    });
  }

  /** The topic under its name. */
  #found(): Topic | undefined {
    if (!this.#isNamed) return undefined;
    return {
      ...this.#topic,
      ...(this.#deletingSince !== undefined && { deletingSince: this.#deletingSince }),
    };
  }

  #reader(connection: Connection) {
    const { clock, batches } = connection;
    const { state } = this.#server;
    const archive = new ArchiveReader({ ...this.#server.through(connection), format: jsonSegments, clock });
    const partitions: PartitionStore = {
      ...this.#partitions(connection),
      list: () => connection.reach(() => new Map([[0, { ...state }]])),
      deleteAll: () => Promise.reject(new Error('Readers delete nothing.')),
    };
    const deps = { batches, partitions, archive, clock };
    const runs = new RunReader({ ...deps, ask: asReadersAsk(clock) });
    return { reader: new Reader(deps), runs, clock, random: this.#random, history: this.#history, state };
  }

  /** The archive is turned off for a while, in which retention may get past it. */
  async #turnOnAndOff(clock: Clock): Promise<void> {
    for (let turn = 0; turn < 6; turn += 1) {
      await clock.sleep(spread(this.#random, minute, 6 * hour));
      this.#topic = { ...this.#topic, archive: !this.#topic.archive };
    }
  }

  /** Some time or other the topic is deleted, as by a request of which nothing is left but what is written down. */
  async #deleteTopic(connection: Connection): Promise<void> {
    await connection.clock.sleep(spread(this.#random, minute, 8 * hour));
    this.#deletingSince = this.#scheduler.now();
    const { name, topicId: id } = this.#topic;
    this.#removal = { kind: 'topic', id, name, partitions: 1, requestedAt: this.#scheduler.now() };
    for (let round = 0; round < 12; round += 1) {
      await connection.clock.sleep(spread(this.#random, minute, hour));
      await this.#takeApart(connection);
    }
  }

  /** One turn of a sweep. */
  async #takeApart(connection: Connection): Promise<void> {
    const { batches, clock } = connection;
    const removal = this.#removal;
    if (removal === undefined) return;
    const appender = new Appender({ batches, clock, random: this.#random });
    const turns = new RemovalTurns({
      topics: {
        get: () => connection.reach(() => this.#found()),
        update: () => connection.reach(() => this.#found()),
        delete: () =>
          connection.reach(() => {
            if (!this.#history.closed) this.#history.report('the name went before the partition was closed');
            this.#isNamed = false;
            // Nobody finds its records any more.
            this.#server.isAudited = false;
            this.#history.isGone = true;
          }),
      },
      groups: { list: () => connection.reach(() => []), delete: async () => undefined },
      cursors: { deleteAll: async () => undefined },
      partitions: { deleteAll: async () => undefined },
      batches,
      removals: {
        put: async () => undefined,
        list: async () => [],
        noteClosed: (_id, closedAt) =>
          connection.reach(() => {
            this.#removal = this.#removal && { closedAt, ...this.#removal };
          }),
        delete: () =>
          connection.reach(() => {
            this.#removal = undefined;
          }),
      },
      archive: this.#server.through(connection),
      appender,
      clock,
    });
    const done = turns.take(removal, () => true).catch(() => 'waits');
    await Promise.race([done, clock.sleep(runMs)]);
    await appender.abandon();
  }

  #archiver(connection: Connection): ArchiverDeps {
    const { batches, clock } = connection;
    const { segments, objects } = this.#server.through(connection);
    const deps: ArchiverDeps = {
      topics: { get: () => connection.reach(() => this.#found()) },
      batches: {
        ...batches,
        delete: async (at, bases) => {
          await batches.delete(at, bases);
          this.#server.audit();
        },
      },
      partitions: this.#partitions(connection),
      segments: {
        ...segments,
        add: async (at, segment) => {
          this.#segments += 1;
          return segments.add(at, segment);
        },
      },
      erasures: { list: async () => [], note: async () => undefined },
      objects,
      format: jsonSegments,
      clock,
      random: this.#random,
      telemetry: noTelemetry,
      options: this.#options,
    };
    return this.#variant.archiver?.(deps, this.#server) ?? deps;
  }

  /** Audited: the start offset leaves nothing behind that is to be kept. */
  #partitions(connection: Connection): Pick<PartitionStore, 'get' | 'advance'> {
    const { state } = this.#server;
    return {
      get: () => connection.reach(() => ({ ...state })),
      advance: (_at, which, to) =>
        connection.reach(
          () => {
            if (which === 'startOffset' && to > state.startOffset) this.#checkLetGo(to);
            state[which] = Math.max(state[which], to);
            this.#server.audit();
          },
          { copies: true },
        ),
    };
  }

  #checkLetGo(startOffset: number): void {
    const { retentionHours, retentionBytes } = this.#topic;
    const { batches } = this.#history;
    const last = batches.at(-1);
    const bytes = last === undefined ? 0 : bytesThrough(last);
    for (const batch of batches) {
      if (batchEnd(batch) > startOffset || closesPartition(batch)) return;
      const ageMs = this.#scheduler.now() - batch.appendedAt;
      const isOld = retentionHours !== null && ageMs >= retentionHours * hour - clocksOffMs;
      const isMuch = retentionBytes != null && bytes - bytesThrough(batch) >= retentionBytes;
      if (!isOld && !isMuch)
        this.#history.report(`the batch at ${batch.base} was let go of, and is to be kept`);
    }
  }

  /** Each run is given up when its function would be; what it has sent, and a frozen process, go on. */
  async #archiveNowAndThen(connection: Connection): Promise<void> {
    const { clock } = connection;
    for (let round = 0; round < 12; round += 1) {
      await clock.sleep(spread(this.#random, minute, 90 * minute));
      await this.#archive(connection);
    }
  }

  async #archive(connection: Connection): Promise<void> {
    const { clock } = connection;
    const until = clock.monotonic() + runMs;
    const run = { remainingMs: () => until - clock.monotonic() };
    const task = { topic: this.#topic.name, ...hotPartition };
    const done = archivePartition(this.#archiver(connection), task, run).catch(() => undefined);
    await Promise.race([done, clock.sleep(runMs)]);
  }

  async #clearNowAndThen(connection: Connection): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      await connection.clock.sleep(spread(this.#random, minute, 30 * hour));
      await this.#clear(connection);
    }
  }

  async #clear(connection: Connection): Promise<void> {
    const { clock } = connection;
    const { segments, objects } = this.#server.through(connection);
    const topics = { get: () => connection.reach(() => this.#found()) };
    const partitions = this.#partitions(connection);
    const deps: OrphanDeps = { topics, segments, partitions, objects, clock };
    const done = deleteOrphans(this.#variant.orphans?.(deps) ?? deps, undefined, () => true);
    await Promise.race([done.catch(() => undefined), clock.sleep(runMs)]);
  }

  /** Without any more faults, days later: all is archived, what was left is cleared away, and all can be read. */
  async #endCalmly(): Promise<void> {
    const history = this.#history;
    if (!history.isGhost) checkTold(history, this.#told);
    if (this.#server.isAudited) history.checkTable(this.#table.batches(hotPartition));
    this.#faults = noFaults;
    this.#topic = { ...this.#topic, archive: true };
    const connection = this.#connect(0);
    const { clock } = connection;
    const end = async (): Promise<void> => {
      for (let round = 0; round < 4; round += 1) {
        await clock.sleep(26 * hour);
        await this.#archive(connection);
        for (let turn = 0; turn < 3; turn += 1) await this.#takeApart(connection);
        await this.#clear(connection);
      }
      await this.#readToTheEnd(connection);
    };
    const done = end();
    await this.#settle();
    if (history.breach !== undefined) return;
    await done;
    this.#server.audit();
    if (this.#deletingSince !== undefined) this.#server.checkGone(hotPartition);
    else this.#server.checkAtTheEnd(hotPartition);
  }

  async #readToTheEnd(connection: Connection): Promise<void> {
    if (this.#deletingSince !== undefined) return;
    const deps = this.#reader(connection);
    let offset: number | undefined = this.#server.state.startOffset;
    while (offset !== undefined && offset < this.#history.end) offset = await readOnce(deps, offset);
    if (offset !== this.#history.end) this.#history.report(`the log cannot be read past ${offset}`);
  }
}

/** Runs one seed. The same seed gives the same run. */
export const runArchive = (seed: number, variant: ArchiveVariant = genuine): Promise<ArchiveResult> =>
  new ArchiveWorld(seed, variant).run();
