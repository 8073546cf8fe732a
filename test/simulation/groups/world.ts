import { Problem } from '../../../lib/domain/errors.ts';
import { newCursor } from '../../../lib/domain/groups/cursors.ts';
import type { PulledGroup } from '../../../lib/domain/groups/groups.ts';
import type { Member } from '../../../lib/domain/groups/members.ts';
import type { Bounds } from '../../../lib/domain/groups/runs/hand-out.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import { noSystemEvents } from '../../../lib/events/system-events.ts';
import type { PullDeps } from '../../../lib/groups/pull/deps.ts';
import { PullGroups } from '../../../lib/groups/pull/pull-groups.ts';
import { Reader } from '../../../lib/log/read/reader.ts';
import type { MemberStore } from '../../../lib/stores/members.ts';
import { BatchTable } from '../../../lib/stores/memory/batches.ts';
import { MemoryCursorStore } from '../../../lib/stores/memory/cursors.ts';
import { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';
import { MemoryMemberStore } from '../../../lib/stores/memory/members.ts';
import { MemoryPartitionStore } from '../../../lib/stores/memory/partitions.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { type Faults, FaultyNetwork, noFaults } from '../delivery/faults.ts';
import { spread } from '../log/network.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from '../scheduler.ts';
import { Consumer, type ConsumerDeps } from './consumer.ts';
import { GroupHistory, skewMs } from './history.ts';
import { type GroupsVariant, genuine } from './variant.ts';

export interface GroupsResult {
  /** Undefined when every invariant held. */
  readonly breach: string | undefined;
  readonly records: number;
  /** How often one was handed out. */
  readonly handedOut: number;
}

const second = 1000;
const sessionSeconds = 5;
const ackSeconds = 8;
const wildMs = 90 * second;
/** From when all is well again: what was held is over, and whoever is there has polled a few times. */
const calmMs = (ackSeconds + sessionSeconds + 30) * second + 2 * skewMs;
const worldBounds: Bounds = { records: 12, runs: 8 };

const mostFaults: Faults = {
  loseRequest: 0.03,
  loseResponse: 0.05,
  slow: 0.05,
  late: 0.03,
  twice: 0.05,
  crash: 0.004,
  freeze: 0.01,
};

/** Some of the faults, each up to its most. */
const someFaults = (random: Random): Faults =>
  Object.fromEntries(
    Object.entries(mostFaults).map(([name, most]) => [
      name,
      random.number() < 0.5 ? 0 : random.number() * most,
    ]),
  ) as unknown as Faults;

/** One group of one of the modes, whose consumers are served by processes that crash, freeze and have clocks of their own. */
class GroupsWorld {
  readonly #random: Random;
  readonly #variant: GroupsVariant;
  readonly #scheduler = new Scheduler();
  readonly #network: FaultyNetwork;
  readonly #history: GroupHistory;
  readonly #table = new BatchTable();
  readonly #cursors = new MemoryCursorStore();
  readonly #members = new MemoryMemberStore();
  readonly #groups = new MemoryGroupStore();
  readonly #partitions = new MemoryPartitionStore();
  readonly #letters = new Map<string, string>();
  readonly #topic: Topic;
  readonly #group: PulledGroup;
  #faults: Faults;
  #processes: { readonly pulls: PullGroups; readonly process: SimulatedProcess }[] = [];
  /** The members as they are stored. */
  #standing: readonly Member[] = [];
  #records = 0;

  constructor(seed: number, variant: GroupsVariant) {
    const random = seededRandom(seed);
    this.#random = random;
    this.#variant = variant;
    this.#faults = someFaults(random);
    this.#network = new FaultyNetwork(this.#scheduler, random, () => this.#faults);
    this.#history = new GroupHistory({
      now: () => this.#scheduler.now(),
      members: () => this.#standing,
      bounds: worldBounds,
    });
    const partitions = 1 + Math.floor(random.number() * 3);
    this.#topic = topicNamed('orders', 't1', partitions);
    const isShared = random.number() < 0.5;
    this.#group = {
      name: 'billing',
      groupId: 'g1',
      topic: 'orders',
      topicId: 't1',
      mode: isShared ? 'shared' : 'pull',
      start: 'earliest',
      startOffsets: new Array<number>(partitions).fill(0),
      reading: {
        sessionTimeoutSeconds: sessionSeconds,
        ackTimeoutSeconds: ackSeconds,
        maxDeliveries: isShared && random.number() < 0.5 ? 3 : null,
      },
      createdAt: 0,
    };
  }

  async run(): Promise<GroupsResult> {
    await this.#groups.create(this.#group);
    const { number } = this.#random;
    for (let count = 1 + Math.floor(number() * 3); count > 0; count -= 1) this.#startProcess();
    const deps = this.#consumer();
    const consumers = Array.from(
      { length: 1 + Math.floor(number() * 4) },
      (_none, index) => new Consumer(deps, `c${index}`, 'wild'),
    );
    // Two processes of one name are one member.
    if (number() < 0.3) consumers.push(new Consumer(deps, 'c0', 'wild'));
    for (const consumer of consumers) void consumer.run();
    void this.#produce();
    void this.#seekNowAndThen();
    await this.#scheduler.run({ maxMs: wildMs, when: () => this.#history.breach !== undefined });
    await this.#endCalmly(consumers);
    return { breach: this.#history.breach, records: this.#records, handedOut: this.#history.handedOut };
  }

  /** Of the world: nothing happens to it. */
  #clock() {
    return this.#scheduler.process().clock;
  }

  async #produce(): Promise<void> {
    const clock = this.#clock();
    for (let turn = 0; turn < 30; turn += 1) {
      await clock.sleep(spread(this.#random, 1, 4 * second));
      this.#append(
        Math.floor(this.#random.number() * this.#topic.partitions),
        1 + Math.floor(this.#random.number() * 3),
      );
    }
  }

  #append(partition: number, count: number): void {
    const at = { topicId: 't1', partition };
    const base = this.#table.end(at);
    const records: NewRecord[] = Array.from({ length: count }, () => ({ valueJson: jsonText(1) }));
    const now = this.#scheduler.now();
    const batch = {
      base,
      count,
      data: encodeRecords(records),
      writeId: new Uint8Array(8),
      appendedAt: now,
      bytesBefore: 0,
    };
    this.#table.put(at, batch, now, now);
    this.#records += count;
  }

  /** Moves a partition back, as a seek does: whatever is held there is not any more. */
  async #seekNowAndThen(): Promise<void> {
    const clock = this.#clock();
    const seeks = Math.floor(this.#random.number() * 3);
    for (let turn = 0; turn < seeks; turn += 1) {
      await clock.sleep(spread(this.#random, second, 40 * second));
      const partition = Math.floor(this.#random.number() * this.#topic.partitions);
      const ref = { groupId: 'g1', partition };
      const read = await this.#cursors.get(ref);
      const committed = Math.floor(this.#random.number() * ((read?.committed ?? 0) + 1));
      const epoch = (read?.epoch ?? 0) + 1;
      const version = (read?.version ?? 0) + 1;
      const next = { ...newCursor(committed), epoch, version, writeId: `seek${turn}` };
      await this.#cursors.replace(ref, read, next);
      this.#history.onCursor(ref, next, true);
    }
  }

  #consumer(): ConsumerDeps {
    return {
      clock: this.#clock(),
      random: this.#random,
      history: this.#history,
      topic: this.#topic,
      group: 'billing',
      isShared: this.#group.mode === 'shared',
      dropsEpochs: this.#variant.dropsEpochs === true,
      ask: (request, patienceMs) => this.#ask(request, patienceMs),
    };
  }

  /** Asks some process: it may have crashed, be frozen, or the answer get lost. */
  async #ask<T>(request: (pulls: PullGroups) => Promise<T>, patienceMs: number): Promise<T | undefined> {
    const clock = this.#clock();
    const { pulls, process } = this.#anyProcess();
    const isLate = this.#random.number() < this.#faults.late;
    const delayMs = isLate ? this.#random.number() * 30 * second : spread(this.#random, 1, 20);
    const isLost = this.#random.number() < this.#faults.loseResponse;
    const answer = new Promise<T>((resolve, reject) => {
      process.after(delayMs, () =>
        request(pulls).then((value) => (isLost ? undefined : resolve(value)), reject),
      );
    });
    return Promise.race([answer, clock.sleep(patienceMs).then(() => undefined)]);
  }

  #anyProcess() {
    const alive = this.#processes.filter(({ process }) => !process.crashed);
    const chosen = alive[Math.floor(this.#random.number() * alive.length)];
    return chosen === undefined || this.#random.number() < 0.01 ? this.#startProcess() : chosen;
  }

  #startProcess() {
    const process = this.#scheduler.process();
    process.stepClock((this.#random.number() - 0.5) * skewMs);
    const batches = this.#network.batches(process, this.#table);
    const partitions = this.#network.remote(process, this.#partitions);
    const reader = new Reader({ batches, partitions, clock: process.clock });
    const cursors = this.#network.remote(process, this.#watchedCursors());
    const members = this.#network.remote(process, this.#watchedMembers());
    const appender: PullDeps['appender'] = {
      append: async (_at, records, call) => {
        const isFirst = await this.#network.request(process, () => this.#bury(records, call?.key ?? ''));
        if (isFirst) return { base: 0, appendedAt: 0 };
        throw new Problem('idempotency_mismatch', 'The key came before with other records.');
      },
    };
    const { bounds = worldBounds } = this.#variant;
    const deps: PullDeps = {
      systemEvents: noSystemEvents,
      groups: this.#network.remote(process, this.#groups),
      cursors: this.#variant.cursors?.(cursors, process.clock) ?? cursors,
      members: this.#variant.members?.(members) ?? members,
      directory: { resolve: async (name) => (name === 'orders' ? this.#topic : topicNamed(name, 'dead', 1)) },
      reader,
      appender: this.#variant.appender?.(appender) ?? appender,
      clock: process.clock,
      random: this.#random,
      telemetry: noTelemetry,
    };
    const started = { pulls: new PullGroups(deps, { bounds }), process };
    this.#processes.push(started);
    return started;
  }

  #watchedCursors(): PullDeps['cursors'] {
    const store = this.#cursors;
    const table = this.#variant.table?.(store) ?? store;
    return {
      get: (ref) => store.get(ref),
      list: (groupId, lane) => store.list(groupId, lane),
      replace: async (ref, read, next) => {
        const outcome = await table.replace(ref, read, next);
        if (outcome.done) this.#history.onCursor(ref, next, false);
        return outcome;
      },
    };
  }

  #watchedMembers(): MemberStore {
    const store = this.#members;
    const standingOf = (consumerId: string) => this.#standing.find((each) => each.consumerId === consumerId);
    const look = async (): Promise<void> => {
      this.#standing = await store.list('g1');
    };
    return {
      list: (groupId) => store.list(groupId),
      join: async (groupId, member, replaced) => {
        const before = standingOf(member.consumerId);
        const after = await store.join(groupId, member, replaced);
        await look();
        if (after?.memberEpoch === member.memberEpoch && after.expiresAt === member.expiresAt)
          this.#history.onSession(before, after);
        return after;
      },
      renew: async (groupId, member) => {
        const before = standingOf(member.consumerId);
        const after = await store.renew(groupId, member);
        await look();
        if (after?.expiresAt === member.expiresAt && before !== undefined)
          this.#history.onSession(before, { ...after, polledAt: member.polledAt });
        return after;
      },
      remove: async (groupId, read) => {
        const isGone = await store.remove(groupId, read);
        await look();
        if (isGone) this.#history.onSessionEnd(read);
        return isGone;
      },
      deleteAll: (groupId) => store.deleteAll(groupId),
    };
  }

  /** The dead letters, as an idempotent append keeps them. False where the key came before with another. */
  #bury([record]: readonly NewRecord[], key: string): boolean {
    const text = JSON.stringify(record);
    const standing = this.#letters.get(key);
    const headers = JSON.parse(record?.headersJson ?? '{}') as Record<string, string>;
    const [partition, offset] = [
      Number(headers['millrace-dead-partition']),
      Number(headers['millrace-dead-offset']),
    ];
    this.#letters.set(key, standing ?? text);
    this.#history.done(partition, offset, this.#history.generation(partition));
    const isSame = standing === undefined || standing === text;
    if (!isSame && this.#history.generation(partition) === 0)
      this.#history.report(`the dead letter of ${partition}/${offset} was written in two forms`);
    return isSame;
  }

  /** Without any more faults all is handed out and acknowledged in time, though one that lives keeps what it has. */
  async #endCalmly(consumers: readonly Consumer[]): Promise<void> {
    if (this.#history.breach !== undefined) return;
    this.#faults = noFaults;
    for (const { process } of this.#processes) process.crash();
    this.#processes = [];
    this.#startProcess();
    this.#startProcess();
    for (const [index, consumer] of consumers.entries()) {
      if (index === 0) consumer.calmDown();
      else consumer.isStopped = true;
    }
    for (const name of ['x', 'y']) void new Consumer(this.#consumer(), name, 'calm').run();
    const isDone = (): boolean =>
      Array.from({ length: this.#topic.partitions }, (_none, partition) => partition).every(
        (partition) => this.#history.committed(partition) >= this.#table.end({ topicId: 't1', partition }),
      );
    await this.#scheduler.run({
      maxMs: calmMs,
      when: () => this.#history.breach !== undefined || isDone(),
    });
    if (!isDone() && this.#history.breach === undefined)
      this.#history.report('records were not handed out and acknowledged in time');
  }
}

const topicNamed = (name: string, topicId: string, partitions: number): Topic => ({
  name,
  topicId,
  partitions,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
});

/** Runs one seed. The same seed gives the same run. */
export const runGroups = (seed: number, variant: GroupsVariant = genuine): Promise<GroupsResult> =>
  new GroupsWorld(seed, variant).run();
