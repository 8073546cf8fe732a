import { createQueueConsumer } from '../../../functions/deliver/queue-events.ts';
import { deliver } from '../../../lib/delivery/deliver.ts';
import type { Run } from '../../../lib/delivery/deps.ts';
import { newDeliveryMemory } from '../../../lib/delivery/memory.ts';
import { type OnAppendDeps, onAppend } from '../../../lib/delivery/on-append.ts';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { type SweepDeps, sweep } from '../../../lib/delivery/sweep/sweep.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import type { CursorRef } from '../../../lib/domain/groups/cursors.ts';
import {
  deliveryDefaults,
  disabling,
  type EndpointChange,
  enabling,
  type PushGroup,
} from '../../../lib/domain/groups/groups.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import { Receivers } from '../../../lib/groups/receivers.ts';
import { newReceiverWakes, wakeFor } from '../../../lib/groups/wake-group.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import { BatchTable } from '../../../lib/stores/memory/batches.ts';
import { MemoryCursorStore } from '../../../lib/stores/memory/cursors.ts';
import { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';
import { MemoryPaceStore } from '../../../lib/stores/memory/paces.ts';
import { MemoryPartitionStore } from '../../../lib/stores/memory/partitions.ts';
import { MemoryRemovalStore } from '../../../lib/stores/memory/removals.ts';
import { MemorySweepPlaceStore } from '../../../lib/stores/memory/sweep-places.ts';
import { MemoryTopicStore } from '../../../lib/stores/memory/topics.ts';
import type { ReceivedWake } from '../../../lib/stores/memory/wake-queue.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from '../scheduler.ts';
import { ackTimeoutSeconds, Consumer } from './consumer.ts';
import { DeadLetters, type Died, deadTopic } from './dead-letters.ts';
import { moodyEndpoint } from './endpoint.ts';
import { type Beyond, type Faults, FaultyNetwork, noFaults, type SimulatedDeps } from './faults.ts';
import { leavesOut } from './filter.ts';
import { Invariants } from './invariants.ts';
import { LaneInvariants } from './lane-invariants.ts';
import type { Mutant } from './mutants.ts';
import { Operator } from './operator.ts';
import { type Paced, PaceWatch } from './pace-watch.ts';
import { type Done, eventOf, SimulatedQueue } from './queue.ts';
import { isRedriven, RedriveInvariants } from './redrives.ts';
import { BreachError, type Watching } from './watching.ts';

export interface WorldOptions {
  readonly sweep: boolean;
  /**
   * Whether the queue may give one message to two runs at once; as soon as one ends well, the message is gone for both.
   * Then one case is left to sweep: the other run takes a lease that it did not hold when the first looked, and dies.
   */
  readonly copies?: boolean;
  readonly mutant?: Mutant;
  /** In place of those that the seed gives. */
  readonly faults?: Faults;
  /**
   * Whether the clocks of some processes are wrong, some by a day; by default the seed says so. Then one more case is left
   * to sweep, which runs there always: a request for a lease by such a clock that lands when its sender has given up, and
   * its message was answered by others, is taken for a holder for as long as a lease lasts.
   */
  readonly wrongClocks?: boolean;
  /** Whether somebody pauses and resumes the group, and has it go on elsewhere. */
  readonly operator?: boolean;
  /** Whether the endpoint refuses some records for ever; by default the seed says so. */
  readonly poison?: boolean;
  /** Whether the group has two endpoints from its beginning, each of which is out for a while; by default the seed says so. */
  readonly several?: boolean;
  /** Whether the group has a filter, which leaves out some of the records; by default the seed says so. */
  readonly filtered?: boolean;
  /** The order of the group; by default that of the partition. */
  readonly ordering?: 'key' | 'none';
  /** Whether somebody has dead letters given to the group again. Some of them are taken then. */
  readonly redrives?: boolean;
  /** Whether messages are acknowledged by who is behind the endpoint. */
  readonly explicit?: boolean;
  /** How often the queue gives a message out before it sets it aside. */
  readonly receives?: number;
  /** At what pace each endpoint is called. */
  readonly paced?: Paced;
  /** For how long the queue hides a message that was given out; by default longer than a run and its lease. */
  readonly visibilityMs?: number;
}

const partitions = 2;
const timeoutSeconds = 5;
const maxAttempts = 2;
const concurrency = 3;
/** Of a group whose order is by key or none. */
const bounds = { records: 12, runs: 8 };
/** Three keys, in no order. */
const keyAt = (offset: number): string => `k${((offset * 7 + (offset >> 2)) % 3).toString()}`;
const leaseMs = timeoutSeconds * 1000 + 10_000;
const runMs = 30_000;
const safeVisibilityMs = runMs + leaseMs + 1000;
const troubledMs = 4 * 60_000;
/** After the faults end: a queue message comes back, a retry's backoff is over, and each twice. */
const calmMs = 10 * 60_000;
/** Where records are refused for ever: each of them is tried often, with pauses. */
const poisonedCalmMs = 60 * 60_000;
const sweepEveryMs = 60_000;
const invocationsAtOnce = 4;
/** Longer than a message of the queue stays hidden, which the queue's longest delay is not. */
const longestBackoffSeconds = 120;
const longestDelayMs = 20_000;

/** How long an eventually consistent read may miss what is new. */
const eventuallyMs = 2000;
const largestEvent = 4;
const day = 86_400_000;

/**
 * How far a clock is ahead, ms, or behind: not at all, by as much as clocks may differ at most, or by hours up to a day.
 * (What is between, up to the longest retry, cannot be told from a retry that is right, and holds up for as long.)
 */
const clockError = (random: Random): number => {
  const [chance, sign] = [random.number(), random.number() < 0.5 ? -1 : 1];
  if (chance < 0.5) return 0;
  if (chance < 0.75) return sign * random.number() * limits.clockAllowanceMs;
  return sign * (0.1 + random.number()) * day;
};

const settingsOf = (random: Random): PushGroup['delivery'] => ({
  ...deliveryDefaults,
  batchSize: 1 + Math.floor(random.number() * 5),
  timeoutSeconds,
  backoff: { initialSeconds: 1, maxSeconds: longestBackoffSeconds },
  maxAttempts,
  deadLetterAfterSeconds: 3,
});

/** A process that takes in what the stream tells. */
interface Listener {
  readonly process: SimulatedProcess;
  readonly deps: OnAppendDeps;
}

/** A process that delivers. */
interface Deliverer {
  readonly process: SimulatedProcess;
  readonly deps: SimulatedDeps;
}

/**
 * One topic, one group and its endpoint, with appends, stream, queue, deliverers and perhaps sweep, in a world that
 * is troubled at first: anything may be lost, late, doubled, frozen or dead. Then it is calm, and everything must come
 * to its end by itself.
 */
export class DeliveryWorld {
  readonly scheduler = new Scheduler();
  readonly invariants: Watching;
  readonly #random: Random;
  readonly #options: WorldOptions;
  readonly #network: FaultyNetwork;
  readonly #queue: SimulatedQueue;
  readonly #table: BatchTable;
  readonly #cursors = new MemoryCursorStore();
  readonly #partitions = new MemoryPartitionStore();
  readonly #paceWatch = new PaceWatch(this.scheduler);
  readonly #groups: MemoryGroupStore;
  readonly #topics = new MemoryTopicStore();
  readonly #sweepPlaces = new MemorySweepPlaceStore();
  /** The log as the sweep under way reaches it. */
  #swept: Pick<BatchStore, 'end'> | undefined;
  #seenEnds = this.#newEnds();
  readonly #ends = Array.from({ length: partitions }, () => 0);
  readonly #faults: Faults;
  readonly #wrongClocks: boolean;
  /** Whether something is appended about when the group is called again. */
  readonly #appendsAround: boolean;
  readonly #world: Beyond;
  readonly #dead = new DeadLetters((died) => this.#onDead(died));
  readonly #redriven: RedriveInvariants;
  readonly #deadEnds = Array.from({ length: partitions }, () => 0);
  /** How many of a hundred records are never taken. */
  readonly #poison: number;
  readonly #several: boolean;
  readonly #group: PushGroup;
  /** Those that took in what the stream told, and are kept warm. */
  #listeners: readonly Listener[] = [];
  /** Those that delivered, and are kept warm. */
  #deliverers: readonly Deliverer[] = [];
  #endpoints = 0;
  #calm = false;

  constructor(seed: number, options: WorldOptions) {
    this.#random = seededRandom(seed);
    this.#options = options;
    this.#wrongClocks = options.wrongClocks ?? this.#random.number() < 0.4;
    this.#appendsAround = this.#random.number() < 0.5;
    this.#poison = (options.poison ?? (options.redrives === true || seed % 4 === 3)) ? 10 : 0;
    this.#several = options.several ?? seed % 5 === 2;
    const isFiltered = options.filtered ?? seed % 11 === 5;
    const isLeftOut = (offset: number): boolean => isFiltered && leavesOut(offset);
    const { ordering = 'partition', explicit = false } = options;
    const clocksAreRight = !this.#wrongClocks;
    const keyOf = { partition: () => '', key: keyAt, none: () => undefined }[ordering];
    const atOnce = ordering === 'partition' ? 1 : concurrency;
    this.invariants =
      ordering === 'partition' && !explicit
        ? new Invariants(clocksAreRight, { maxAttempts, isLeftOut })
        : new LaneInvariants({ clocksAreRight, maxAttempts, bounds, keyOf, concurrency: atOnce, isLeftOut });
    this.#redriven = new RedriveInvariants({ maxAttempts, isLeftOut: () => false });
    this.#queue = new SimulatedQueue(this.scheduler, this.#random, {
      visibilityMs: options.visibilityMs ?? safeVisibilityMs,
      longestDelayMs,
      invocationsAtOnce,
      eventSize: () => 1 + Math.floor(this.#random.number() * largestEvent),
      receives: options.receives ?? limits.wakeReceives,
      repeats: () => (this.#calm ? 0 : 0.03),
      copies: () => (this.#calm || options.copies !== true ? 0 : 0.1),
      invoke: (received, done) => this.#invoke(received, done),
    });
    this.#table = new BatchTable({
      missed: (storedAt, now) => now - storedAt < eventuallyMs && this.#random.number() < 0.5,
      torn: () => this.#random.number() < 0.5,
    });
    this.#faults = options.faults ?? this.#someFaults();
    this.#network = new FaultyNetwork(this.scheduler, this.#random, () =>
      this.#calm ? noFaults : this.#faults,
    );
    const { mutant } = options;
    const view = { now: () => this.scheduler.now(), random: this.#random, eventuallyMs };
    const cursors = mutant?.cursors?.(this.#cursors, view) ?? this.#cursors;
    const groups = new MemoryGroupStore();
    this.#groups = mutant?.groups?.(groups, view) ?? groups;
    const isPoison = (partition: number, offset: number, again: boolean): boolean =>
      again ? offset % 2 === 0 : ((partition + 1) * (offset + 1) * 7919) % 100 < this.#poison;
    const watchingOf = (request: WebhookRequest): Watching =>
      isRedriven(request) ? this.#redriven : this.invariants;
    const onAcknowledged = (partition: number, through: number): void =>
      this.#appendAsItEnds(partition, through);
    const consumer = new Consumer(this.scheduler, this.#random, {
      watchingOf,
      deps: (process) => this.#network.deps(process, this.#world),
      calm: () => this.#calm,
      isOneByOne: ordering === 'partition',
      ...{ isPoison, onAcknowledged },
      ...(mutant?.ackToken !== undefined && { opened: mutant.ackToken }),
    });
    const endpoint = moodyEndpoint(this.#random, watchingOf, {
      calm: () => this.#calm,
      longestRetryAfterSeconds: longestBackoffSeconds,
      // A little later there is another, or it is enabled again.
      onGone: () => {
        const mend = this.#random.number() < 0.5 ? () => this.#addEndpoint() : () => this.#enable();
        this.#callIn(this.#random.number() * 20_000, mend);
      },
      // One after the other is out, at times both.
      isDown: (url) =>
        this.#several && (this.scheduler.now() / 20_000 + url.length + (url.charCodeAt(9) % 2)) % 2 < 1.2,
      ...{ isPoison, onAcknowledged },
      onTaken: explicit ? (request) => consumer.took(request) : undefined,
    });
    this.#world = {
      table: this.#table,
      partitions: this.#partitions,
      paces: new MemoryPaceStore(),
      onRequest: (request) => this.#paceWatch.begin(request),
      cursors: this.#watchedCursors(cursors),
      groups: this.#groups,
      queue: this.#queue,
      webhooks: { post: async (request) => endpoint(request) },
      appender: this.#dead.appender,
      directory: this.#dead.directory,
    };
    this.#group = {
      name: 'billing',
      groupId: 'g1',
      topic: 'orders',
      topicId: 't1',
      mode: 'push',
      start: 'earliest',
      startOffsets: Array.from({ length: partitions }, () => 0),
      delivery: {
        ...settingsOf(this.#random),
        ...(ordering !== 'partition' && { ordering: mutant?.ordering ?? ordering, concurrency }),
        ...(explicit && { ack: 'explicit' as const, ackTimeoutSeconds }),
        ...(isFiltered && { filter: 'simulated' }),
      },
      createdAt: this.scheduler.now(),
    };
  }

  /** Runs it to its end. @throws BreachError */
  async run(): Promise<void> {
    await this.#register();
    this.#scheduleAppends();
    this.#scheduleReplacements();
    this.#schedulePauses();
    if (this.#options.operator === true) this.#operator().schedule(troubledMs);
    if (this.#options.redrives === true) this.#operator().scheduleRedrives(troubledMs);
    if (this.#options.sweep || this.#wrongClocks) this.#scheduleSweep();
    this.scheduler.after(troubledMs, () => {
      this.#calm = true;
    });
    await this.scheduler.run({
      when: () => this.#breach !== undefined,
      maxMs: troubledMs + (this.#poison > 0 ? poisonedCalmMs : calmMs),
    });
    if (this.#breach !== undefined) throw this.#breach;
    if (this.#options.paced !== undefined && !this.#wrongClocks) this.#paceWatch.check(this.#options.paced);
    await this.#assertDone();
  }

  async #assertDone(): Promise<void> {
    for (const [partition, end] of this.#ends.entries()) {
      const cursor = await this.#cursors.get({ groupId: 'g1', partition });
      const committed = cursor?.committed ?? 0;
      if (committed !== end || this.invariants.past(this.invariants.received(partition)) < end)
        throw new BreachError(`partition ${partition} ended at ${committed} of ${end}: a wake was lost`);
    }
    const redrive = (await this.#groups.get({ topicId: 't1', group: 'billing' }))?.group.redrive;
    if (redrive !== undefined) this.#redriven.assertOver(redrive);
    if (this.#queue.setAside > 0) throw new BreachError('a wake was given out too often, and set aside');
    if (this.#queue.size > 0) throw new BreachError(`${this.#queue.size} wakes never came to an end`);
  }

  get #breach(): BreachError | undefined {
    return this.invariants.breach ?? this.#redriven.breach;
  }

  /** A dead letter is a record of a topic of its own, from which it may be given to the group again. */
  #onDead({ topic, partition, offset, isNew, at, records }: Died): void {
    const watching = topic === deadTopic.name ? this.#redriven : this.invariants;
    watching.onDead(partition, offset, isNew);
    if (!isNew) return;
    const base = this.#deadEnds[at.partition] ?? 0;
    this.#deadEnds[at.partition] = base + records.length;
    const now = this.scheduler.now();
    const [count, data] = [records.length, encodeRecords(records)];
    const batch = { base, count, data, writeId: this.#random.bytes(8), appendedAt: now, bytesBefore: 0 };
    this.#table.put(at, batch, now, now);
  }

  /** Those of the group's own topic are watched there, those of redrives by themselves. */
  #watchedCursors(cursors: MemoryCursorStore): CursorStore {
    const own = this.invariants.watch(cursors, this.#cursors);
    const look = async <T>(ref: CursorRef, write: Promise<T>): Promise<T> => {
      const result = await write;
      const cursor = await this.#cursors.get(ref);
      const redrive = (await this.#groups.get({ topicId: 't1', group: 'billing' }))?.group.redrive;
      const [from = 0] = redrive?.ranges[ref.partition] ?? [];
      if (cursor !== undefined && redrive?.redriveId === ref.lane) this.#redriven.onCursor(ref, cursor, from);
      return result;
    };
    return {
      ...own,
      get: (ref) => cursors.get(ref),
      list: (...given) => cursors.list(...given),
      acquire: (ref, given) =>
        ref.lane === undefined ? own.acquire(ref, given) : look(ref, cursors.acquire(ref, given)),
      commit: (ref, given) =>
        ref.lane === undefined ? own.commit(ref, given) : look(ref, cursors.commit(ref, given)),
      release: (ref, given) =>
        ref.lane === undefined ? own.release(ref, given) : look(ref, cursors.release(ref, given)),
      replace: (ref, read, next) =>
        ref.lane === undefined ? own.replace(ref, read, next) : look(ref, cursors.replace(ref, read, next)),
    };
  }

  #someFaults(): Faults {
    const upTo = (chance: number): number =>
      this.#random.number() < 0.5 ? 0 : this.#random.number() * chance;
    return {
      loseRequest: upTo(0.05),
      loseResponse: upTo(0.05),
      slow: upTo(0.8),
      late: upTo(0.05),
      twice: upTo(0.1),
      crash: upTo(0.1),
      freeze: upTo(0.03),
    };
  }

  async #register(): Promise<void> {
    const settings = { partitions, retentionHours: null, archive: false };
    const createdAt = this.scheduler.now();
    await this.#topics.create({ name: 'orders', topicId: 't1', createdAt, ...settings });
    await this.#groups.create(this.#group);
    const add = (): Promise<void> => this.#addEndpoint();
    if (this.#several) await add();
    if (!this.#appendsAround) await add();
    else this.#callIn(this.#random.number() * troubledMs, add);
  }

  /** What registering an endpoint does, by somebody who tries until it is done. */
  async #addEndpoint(): Promise<void> {
    this.#endpoints += 1;
    await this.#groups.putEndpoint(
      { topicId: 't1', group: 'billing' },
      {
        endpointId: `e${this.#endpoints}`,
        url: `https://e${this.#endpoints}.example.com/hook`,
        secrets: ['whsec_c2ltdWxhdGlvbiBvZiBkZWxpdmVyeQ=='],
        status: 'enabled',
        createdAt: this.scheduler.now(),
        ...this.#options.paced,
      },
    );
    this.#resume();
  }

  #resume(): void {
    const { mutant } = this.#options;
    const later = newReceiverWakes(this.#group, { partitions });
    const wakes = [
      ...(mutant?.newReceiverWakes?.(later) ?? later),
      ...this.#ends.map((_, partition) => wakeFor(this.#group, partition, 'resume')),
    ];
    this.scheduler.after(this.#random.number() * 50, () => void this.#queue.send(wakes));
  }

  /**
   * Has the group called again in `ms`. In every other world something is appended shortly before, so that whoever is to tell of it knows of
   * nobody, and shortly after.
   */
  #callIn(ms: number, call: () => Promise<void>): void {
    this.scheduler.after(ms, () => void call());
    if (!this.#appendsAround) return;
    for (const at of [ms - this.#random.number() * 2000, ms + this.#random.number() * 6000])
      this.scheduler.after(at, () => {
        if (!this.#calm) this.#append(Math.floor(this.#random.number() * partitions));
      });
  }

  /** Changes the newest endpoint as it is then, by somebody who tries until it is done; nothing where none is left. */
  async #change(change: (now: number) => EndpointChange): Promise<void> {
    const ref = { topicId: 't1', group: 'billing' };
    for (;;) {
      const endpoint = (await this.#groups.get(ref))?.endpoints.at(-1);
      if (endpoint === undefined) return;
      if ((await this.#groups.updateEndpoint(ref, endpoint, change(this.scheduler.now()))) !== undefined)
        return;
    }
  }

  /** What enabling an endpoint does. */
  async #enable(): Promise<void> {
    await this.#change(enabling);
    this.#resume();
  }

  /** Somebody disables the endpoint, whatever it is at, and enables it a little later. */
  #schedulePauses(): void {
    for (let count = Math.floor(this.#random.number() * 3); count > 0; count -= 1)
      this.scheduler.after(this.#random.number() * troubledMs, () => {
        void this.#change((now) => disabling('It was disabled.', now));
        this.#callIn(this.#random.number() * 20_000, () => this.#enable());
      });
  }

  /** Somebody deletes whatever endpoint there is, whatever it is at, and registers another a little later. */
  #scheduleReplacements(): void {
    for (let count = Math.floor(this.#random.number() * 3); count > 0; count -= 1)
      this.scheduler.after(this.#random.number() * troubledMs, () => {
        for (let number = 1; number <= this.#endpoints; number += 1)
          void this.#groups.deleteEndpoint({ topicId: 't1', group: 'billing' }, `e${number}`);
        this.#callIn(this.#random.number() * 20_000, () => this.#addEndpoint());
      });
  }

  #operator(): Operator {
    const topic = { name: 'orders', topicId: 't1', partitions, createdAt: 0, version: 1 };
    return new Operator(this.scheduler, this.#random, {
      topic: { ...topic, retentionHours: null, archive: false },
      deps: (process) => this.#network.deps(process, this.#world),
      wire: (deps) => this.#options.mutant?.request?.(deps) ?? deps,
      ends: () => this.#ends,
      callIn: (ms, call) => this.#callIn(ms, call),
    });
  }

  #scheduleAppends(): void {
    // In bursts, so that some are appended while others are delivered.
    for (let burst = 1 + Math.floor(this.#random.number() * 6); burst > 0; burst -= 1) {
      const begin = this.#random.number() * troubledMs;
      for (let count = 1 + Math.floor(this.#random.number() * 6); count > 0; count -= 1)
        this.scheduler.after(begin + this.#random.number() * 3000, () =>
          this.#append(Math.floor(this.#random.number() * partitions)),
        );
    }
  }

  /** Appends about when the holder finds nothing left, which is when wakes are lost. */
  #appendAsItEnds(partition: number, through: number): void {
    if (this.invariants.past(through) < (this.#ends[partition] ?? 0) || this.#random.number() > 0.2) return;
    // Several in turn, so that some come while one query reads.
    for (let count = 1 + Math.floor(this.#random.number() * 3); count > 0; count -= 1)
      this.scheduler.after(this.#random.number() * 2000, () => this.#calm || this.#append(partition));
  }

  #append(partition: number): void {
    const base = this.#ends[partition] ?? 0;
    const count = 1 + Math.floor(this.#random.number() * 4);
    const records = Array.from({ length: count }, (_, index) => ({
      key: keyAt(base + index),
      valueJson: jsonText(base + index),
    }));
    const now = this.scheduler.now();
    this.#ends[partition] = base + count;
    const batch = {
      base,
      count,
      data: encodeRecords(records),
      writeId: this.#random.bytes(8),
      appendedAt: now,
      bytesBefore: 0,
    };
    this.#table.put({ topicId: 't1', partition }, batch, now, now);
    this.#announce(partition);
  }

  /** The stream: tells of the append until it was taken, by a process that was told before or by a new one, now and then once more. */
  #announce(partition: number): void {
    this.scheduler.after(this.#random.number() * 50, () => {
      const { process, deps } = this.#listener();
      let over = false;
      const end = (again: boolean): void => {
        if (over) return;
        over = true;
        if (again) this.#announce(partition);
      };
      // A process that was frozen may die late.
      const watch = (): void => {
        if (process.crashed) end(true);
        if (!over) this.scheduler.after(10_000, watch);
      };
      watch();
      onAppend(deps, [{ topicId: 't1', partition }]).then(
        () => end(!this.#calm && this.#random.number() < 0.05),
        () => end(true),
      );
    });
  }

  /** One of those that are kept, as often as not, or none. */
  #warm<Kept extends { readonly process: SimulatedProcess }>(kept: readonly Kept[]): Kept | undefined {
    const alive = kept.filter(({ process }) => !process.crashed).slice(-4);
    return this.#random.number() < 0.8 ? alive[Math.floor(this.#random.number() * alive.length)] : undefined;
  }

  #listener(): Listener {
    const warm = this.#warm(this.#listeners);
    if (warm !== undefined) return warm;
    const process = this.#process();
    const { groups, queue } = this.#network.deps(process, this.#world);
    const clock = this.#options.mutant?.listenerClock?.(process.clock) ?? process.clock;
    const listener = { process, deps: { receivers: new Receivers({ groups, clock }), queue } };
    this.#listeners = [...this.#listeners, listener];
    return listener;
  }

  #deliverer(): Deliverer {
    const warm = this.#warm(this.#deliverers);
    if (warm !== undefined) return warm;
    const process = this.#process();
    const deps = this.#network.deps(process, this.#world);
    const deliverer = { process, deps: { ...deps, memory: newDeliveryMemory(deps) } };
    this.#deliverers = [...this.#deliverers, deliverer];
    return deliverer;
  }

  /** A process, whose clock may be wrong, and may be put right or wrong while it runs. */
  #process(): SimulatedProcess {
    const process = this.scheduler.process();
    if (!this.#wrongClocks) return process;
    process.stepClock(clockError(this.#random));
    if (this.#random.number() < 0.1)
      process.after(this.#random.number() * runMs, () => process.stepClock(clockError(this.#random)));
    return process;
  }

  /** One invocation of the deliverer: ended from outside when its time is over, sometimes only as far as the queue knows. */
  #invoke(received: readonly ReceivedWake[], done: Done): void {
    const { mutant } = this.#options;
    const { process, deps: remembering } = this.#deliverer();
    const endsAt = this.scheduler.now() + runMs;
    this.scheduler.after(runMs, () => {
      if (done(undefined) && this.#random.number() < 0.7) process.crash();
    });
    const answer = async (wake: Wake, run: Run): Promise<void> => {
      const deps = this.#watched(remembering);
      const wired = mutant?.wire?.(deps, wake, process) ?? deps;
      if ((await mutant?.drops?.(wake, wired)) === true) return;
      const isRewired = wired.batches !== deps.batches;
      const runs = isRewired ? new RunReader({ ...wired, clock: process.clock }) : wired.runs;
      await deliver({ bounds, ...wired, runs }, wake, mutant?.run?.(run) ?? run);
    };
    const receipts = this.#network.remote(process, this.#queue);
    const consume = createQueueConsumer({
      deliver: (wake, run) => answer(wake, run).catch((error: unknown) => this.#failed(error)),
      receipts: mutant?.receipts?.(receipts) ?? receipts,
      telemetry: noTelemetry,
    });
    consume(eventOf(received), { getRemainingTimeInMillis: () => endsAt - this.scheduler.now() }).then(
      ({ batchItemFailures }) => done(new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))),
      () => done(undefined),
    );
  }

  #failed(error: unknown): never {
    const { cause } = error instanceof Error ? error : {};
    if (cause instanceof BreachError)
      this.invariants.check(() => {
        throw cause;
      });
    throw error;
  }

  /** Looks at each message in the moment it is sent, with the epoch its sender holds. */
  #watched(deps: SimulatedDeps): SimulatedDeps {
    let epoch: number | undefined;
    const { cursors, webhooks } = deps;
    const acquire: typeof cursors.acquire = async (ref, acquisition) => {
      const acquired = await cursors.acquire(ref, acquisition);
      epoch = acquired.taken ? acquired.cursor.epoch : undefined;
      return acquired;
    };
    return {
      ...deps,
      cursors: new Proxy(cursors, {
        get: (target, name) => (name === 'acquire' ? acquire : Reflect.get(target, name)),
      }),
      webhooks: {
        post: async (request) => {
          const watching = isRedriven(request) ? this.#redriven : this.invariants;
          watching.onSend(request, epoch, this.scheduler.now());
          try {
            return await webhooks.post(request);
          } finally {
            watching.onAnswered(request);
          }
        },
      },
    };
  }

  #newEnds(): PartitionEnds {
    return new PartitionEnds({
      end: async (at, query) => {
        if (this.#swept === undefined) throw new Error('No sweep is under way.');
        return this.#swept.end(at, query);
      },
    });
  }

  #scheduleSweep(): void {
    const process = this.#process();
    const deliverer = this.#network.deps(process, this.#world);
    // Now and then a sweep is the first one of its process, and otherwise remembers what those before it saw.
    if (this.#random.number() < 0.3) this.#seenEnds = this.#newEnds();
    this.#swept = deliverer.batches;
    const deps: SweepDeps = {
      ...deliverer,
      ends: this.#seenEnds,
      topics: this.#network.remote(process, this.#topics),
      removals: this.#network.remote(process, new MemoryRemovalStore()),
      schemas: { deleteAll: async () => undefined },
      members: {
        list: () => Promise.reject(new Error('No group is pulled from here.')),
        deleteAll: () => Promise.reject(new Error('Nothing is deleted here.')),
      },
      paces: { deleteAll: () => Promise.reject(new Error('Nothing is deleted here.')) },
      sweepPlaces: this.#network.remote(process, this.#sweepPlaces),
      appender: { close: () => Promise.reject(new Error('Nothing is deleted here.')) },
    };
    sweep(deps, { remainingMs: () => 240_000 }).catch(() => undefined);
    this.scheduler.after(sweepEveryMs, () => this.#scheduleSweep());
  }
}

/** One world of one seed, from its beginning to its end; `breach` says which invariant did not hold. */
export const runDelivery = async (
  seed: number,
  options: WorldOptions,
): Promise<{ readonly breach: string | undefined }> => {
  try {
    await new DeliveryWorld(seed, options).run();
    return { breach: undefined };
  } catch (error) {
    if (error instanceof BreachError) return { breach: error.message };
    throw error;
  }
};
