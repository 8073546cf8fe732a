import { deliver } from '../../lib/delivery/deliver.ts';
import type { DeliverDeps } from '../../lib/delivery/deps.ts';
import { onAppend } from '../../lib/delivery/on-append.ts';
import { type SweepDeps, sweep } from '../../lib/delivery/sweep.ts';
import { encodeRecords } from '../../lib/domain/encoding.ts';
import { deliveryDefaults, type Group } from '../../lib/domain/groups.ts';
import type { Wake } from '../../lib/domain/wakes.ts';
import { wakeFor } from '../../lib/groups/wake-group.ts';
import { MemoryBatchStore } from '../../lib/stores/memory/batches.ts';
import { MemoryCursorStore } from '../../lib/stores/memory/cursors.ts';
import { MemoryGroupStore } from '../../lib/stores/memory/groups.ts';
import { MemoryPartitionStore } from '../../lib/stores/memory/partitions.ts';
import { MemoryRemovalStore } from '../../lib/stores/memory/removals.ts';
import { MemoryTopicStore } from '../../lib/stores/memory/topics.ts';
import { MemoryWakeQueue, type ReceivedWake } from '../../lib/stores/memory/wake-queue.ts';
import type { Random } from '../../lib/stores/random.ts';
import type { QueuedWake } from '../../lib/stores/wake-queue.ts';
import type { WebhookAnswer, WebhookRequest } from '../../lib/stores/webhooks.ts';
import { type Faults, FaultyNetwork, noFaults } from './delivery-faults.ts';
import { BreachError, Invariants, sentBy } from './delivery-invariants.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from './scheduler.ts';

/** What a mutant of the protocol changes: how a run is wired, or a time limit. */
export interface Mutant {
  readonly visibilityMs?: number;
  /** Stands between the run of `wake` and what it works with. */
  readonly wire?: (deps: DeliverDeps, wake: Wake, process: SimulatedProcess) => DeliverDeps;
  /** Whether the wake is dropped before anybody looks at it properly. */
  readonly drops?: (wake: Wake, deps: DeliverDeps) => Promise<boolean>;
  /** Stands between the cursors and everybody. */
  readonly cursors?: (cursors: MemoryCursorStore) => MemoryCursorStore;
}

export interface WorldOptions {
  readonly sweep: boolean;
  readonly mutant?: Mutant;
  /** In place of those that the seed gives. */
  readonly faults?: Faults;
}

const partitions = 2;
const timeoutSeconds = 5;
const leaseMs = timeoutSeconds * 1000 + 10_000;
const runMs = 30_000;
const safeVisibilityMs = runMs + leaseMs + 1000;
const troubledMs = 4 * 60_000;
/** After the faults end: a queue message comes back, a retry's backoff is over, and each twice. */
const calmMs = 10 * 60_000;
const sweepEveryMs = 60_000;
const invocationsAtOnce = 4;
/** Longer than a message of the queue stays hidden, which the queue's longest delay is not. */
const longestBackoffSeconds = 120;
const longestDelayMs = 20_000;

const settingsOf = (random: Random): Group['delivery'] => ({
  ...deliveryDefaults,
  batchSize: 1 + Math.floor(random.number() * 5),
  timeoutSeconds,
  backoff: { initialSeconds: 1, maxSeconds: longestBackoffSeconds },
});

/**
 * One topic, one group and its endpoint, with appends, stream, queue, deliverers and perhaps sweep, in a world that
 * is troubled at first: anything may be lost, late, doubled, frozen or dead. Then it is calm, and everything must come
 * to its end by itself.
 */
export class DeliveryWorld {
  readonly scheduler = new Scheduler();
  readonly invariants = new Invariants();
  readonly #random: Random;
  readonly #options: WorldOptions;
  readonly #network: FaultyNetwork;
  readonly #queue: MemoryWakeQueue;
  readonly #batches: MemoryBatchStore;
  readonly #cursors = new MemoryCursorStore();
  readonly #groups = new MemoryGroupStore();
  readonly #topics = new MemoryTopicStore();
  readonly #ends = Array.from({ length: partitions }, () => 0);
  readonly #faults: Faults;
  readonly #visibilityMs: number;
  readonly #world: Omit<DeliverDeps, 'clock' | 'random' | 'telemetry'>;
  readonly #group: Group;
  #running = 0;
  #endpoints = 0;
  #pumpAt = Number.POSITIVE_INFINITY;
  #calm = false;

  constructor(seed: number, options: WorldOptions) {
    this.#random = seededRandom(seed);
    this.#options = options;
    this.#visibilityMs = options.mutant?.visibilityMs ?? safeVisibilityMs;
    const { clock } = this.scheduler;
    this.#queue = new MemoryWakeQueue({ clock, visibilityMs: this.#visibilityMs });
    this.#batches = new MemoryBatchStore(clock);
    this.#faults = options.faults ?? this.#someFaults();
    this.#network = new FaultyNetwork(this.scheduler, this.#random, () =>
      this.#calm ? noFaults : this.#faults,
    );
    const cursors = options.mutant?.cursors?.(this.#cursors) ?? this.#cursors;
    this.#world = {
      batches: this.#batches,
      cursors: this.invariants.watch(cursors),
      groups: this.#groups,
      queue: { send: (wakes) => this.#send(wakes) },
      webhooks: { post: async (request) => this.#receive(request) },
    };
    this.#group = {
      name: 'billing',
      groupId: 'g1',
      topic: 'orders',
      topicId: 't1',
      mode: 'push',
      start: 'earliest',
      startOffsets: Array.from({ length: partitions }, () => 0),
      delivery: settingsOf(this.#random),
      status: 'active',
      createdAt: this.scheduler.now(),
    };
  }

  /** Runs it to its end. @throws BreachError */
  async run(): Promise<void> {
    await this.#register();
    this.#scheduleAppends();
    if (this.#options.sweep) this.#scheduleSweep();
    this.scheduler.after(troubledMs, () => {
      this.#calm = true;
    });
    await this.scheduler.run({
      when: () => this.invariants.breach !== undefined,
      maxMs: troubledMs + calmMs,
    });
    if (this.invariants.breach !== undefined) throw this.invariants.breach;
    await this.#assertDone();
  }

  async #assertDone(): Promise<void> {
    for (const [partition, end] of this.#ends.entries()) {
      const cursor = await this.#cursors.get({ groupId: 'g1', partition });
      const committed = cursor?.committed ?? 0;
      if (committed !== end || this.invariants.received(partition) !== end)
        throw new BreachError(`partition ${partition} ended at ${committed} of ${end}: a wake was lost`);
    }
    if (this.#queue.size > 0) throw new BreachError(`${this.#queue.size} wakes never came to an end`);
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
    await this.#addEndpoint();
  }

  /** What registering an endpoint does, by somebody who tries until it is done. */
  async #addEndpoint(): Promise<void> {
    this.#endpoints += 1;
    await this.#groups.putEndpoint(
      { topicId: 't1', group: 'billing' },
      {
        endpointId: `e${this.#endpoints}`,
        url: 'https://example.com/hook',
        secrets: ['whsec_c2ltdWxhdGlvbiBvZiBkZWxpdmVyeQ=='],
        status: 'enabled',
        createdAt: this.scheduler.now(),
      },
    );
    const wakes = this.#ends.map((_, partition) => wakeFor(this.#group, partition, 'resume'));
    this.scheduler.after(this.#random.number() * 50, () => void this.#send(wakes));
  }

  /** The endpoint says that it is gone, and a little later there is another. */
  #goneAndBack(): void {
    this.scheduler.after(this.#random.number() * 20_000, () => void this.#addEndpoint());
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

  #append(partition: number): void {
    const base = this.#ends[partition] ?? 0;
    const count = 1 + Math.floor(this.#random.number() * 4);
    const records = Array.from({ length: count }, (_, index) => ({ value: base + index }));
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
    this.#batches.table.put({ topicId: 't1', partition }, batch, now, now);
    this.#announce(partition);
  }

  /** The stream: tells of the append until it was taken, in a new process each time, now and then once more. */
  #announce(partition: number): void {
    this.scheduler.after(this.#random.number() * 50, () => {
      const process = this.scheduler.process();
      const deps = this.#network.deps(process, this.#world);
      onAppend(deps, [{ topicId: 't1', partition }]).then(
        () => this.#calm || this.#random.number() > 0.05 || this.#announce(partition),
        () => this.#announce(partition),
      );
      this.scheduler.after(10_000, () => process.crashed && this.#announce(partition));
    });
  }

  /** Gives wakes to deliverers as they become visible. */
  #pump(): void {
    this.#pumpAt = Number.POSITIVE_INFINITY;
    while (this.#running < invocationsAtOnce) {
      const [received] = this.#queue.receive(1);
      if (received === undefined) break;
      // A queue may give the same message to two.
      if (!this.#calm && this.#random.number() < 0.03) void this.#send([{ wake: received.wake }]);
      this.#invoke(received);
    }
    if (this.#running < invocationsAtOnce) this.#pumpSoon();
  }

  /** Looks at the queue when the next of its messages becomes visible, a few ms later. */
  #pumpSoon(): void {
    const next = this.#queue.nextVisibleAt() ?? Number.POSITIVE_INFINITY;
    if (next >= this.#pumpAt) return;
    this.#pumpAt = next;
    this.scheduler.after(next - this.scheduler.now() + 10 * this.#random.number(), () => this.#pump());
  }

  async #send(wakes: readonly QueuedWake[]): Promise<void> {
    await this.#queue.send(
      wakes.map(({ wake, delayMs = 0 }) => ({ wake, delayMs: Math.min(delayMs, longestDelayMs) })),
    );
    this.#pumpSoon();
  }

  /** One invocation of the deliverer: ended from outside when its time is over, sometimes only as far as the queue knows. */
  #invoke({ wake, receipt }: ReceivedWake): void {
    const { mutant } = this.#options;
    const process = this.scheduler.process();
    const endsAt = this.scheduler.now() + runMs;
    const end = this.#onceRunning();
    this.scheduler.after(runMs, () => {
      if (end() && this.#random.number() < 0.7) process.crash();
    });
    const deps = this.#watched(this.#network.deps(process, this.#world));
    const wired = mutant?.wire?.(deps, wake, process) ?? deps;
    const run = { remainingMs: () => endsAt - this.scheduler.now() };
    const work = async (): Promise<void> => {
      if ((await mutant?.drops?.(wake, wired)) === true) return;
      await deliver(wired, wake, run);
    };
    work().then(
      () => {
        if (end() && (this.#calm || this.#random.number() > 0.03)) this.#queue.acknowledge(receipt);
      },
      (error: unknown) => {
        end();
        if (error instanceof BreachError)
          this.invariants.check(() => {
            throw error;
          });
      },
    );
  }

  #onceRunning(): () => boolean {
    let over = false;
    this.#running += 1;
    return () => {
      const first = !over;
      over = true;
      if (first) {
        this.#running -= 1;
        this.#pumpSoon();
      }
      return first;
    };
  }

  /** Looks at each message in the moment it is sent, with the epoch its sender holds. */
  #watched(deps: DeliverDeps): DeliverDeps {
    let epoch: number | undefined;
    const { cursors, webhooks } = deps;
    const acquire: typeof cursors.acquire = async (ref, acquisition) => {
      const cursor = await cursors.acquire(ref, acquisition);
      epoch = cursor?.epoch;
      return cursor;
    };
    return {
      ...deps,
      cursors: new Proxy(cursors, {
        get: (target, name) => (name === 'acquire' ? acquire : Reflect.get(target, name)),
      }),
      webhooks: {
        post: (request) => {
          this.invariants.onSend(request, epoch, this.scheduler.now());
          return webhooks.post(request);
        },
      },
    };
  }

  /** The endpoint. */
  #receive(request: WebhookRequest): WebhookAnswer {
    this.invariants.onReceived(request);
    const { partition, start, end } = sentBy(request);
    const answer = (status: number, body = '', retryAfter?: string): WebhookAnswer => ({
      kind: 'answered',
      status,
      body,
      ...(retryAfter !== undefined && { retryAfter }),
    });
    const chance = this.#calm ? 1 : this.#random.number();
    if (chance < 0.01) {
      this.#goneAndBack();
      return answer(410);
    }
    if (chance < 0.08) return answer(500);
    if (chance < 0.14)
      return answer(503, '', String(Math.floor(this.#random.number() * longestBackoffSeconds)));
    if (chance < 0.2) return { kind: 'unreachable', reason: 'Connection refused.' };
    const through = chance < 0.35 ? start + Math.floor(this.#random.number() * (end - start + 1)) : end;
    this.invariants.onAcknowledged(partition, through);
    // Appended about when the holder finds nothing left, which is when wakes are lost.
    if (through === this.#ends[partition] && this.#random.number() < 0.2)
      this.scheduler.after(this.#random.number() * 2000, () => this.#calm || this.#append(partition));
    return answer(200, chance < 0.35 ? JSON.stringify({ ack: { offset: through } }) : '');
  }

  #scheduleSweep(): void {
    const process = this.scheduler.process();
    const deps: SweepDeps = {
      ...this.#network.deps(process, this.#world),
      topics: this.#network.remote(process, this.#topics),
      partitions: this.#network.remote(process, new MemoryPartitionStore()),
      removals: this.#network.remote(process, new MemoryRemovalStore()),
      appender: { close: () => Promise.reject(new Error('Nothing is deleted here.')) },
    };
    sweep(deps).catch(() => undefined);
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
