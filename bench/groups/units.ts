import type { PulledGroup } from '../../lib/domain/groups/groups.ts';
import { difference, type Usage } from '../units/usage.ts';
import { acknowledging, startSystem } from './system.ts';

export interface Counted {
  readonly usage: Usage;
  /** What it is divided by: records, polls or consumer-hours. */
  readonly per: number;
}

const partitions = 16;
const recordsEach = 10;
const rounds = 20;
/** Between two rounds: polls of a consumer that is busy in between. */
const roundMs = 250;

const names = (members: number): readonly string[] =>
  Array.from({ length: members }, (_none, index) => `consumer-${index}`);

/** What a delivered record costs: each partition gets ten records a round, and each member polls and acknowledges the last. */
export const deliveredRecords = async (mode: PulledGroup['mode'], members: number): Promise<Counted> => {
  const system = await startSystem(mode, partitions);
  try {
    const pulls = system.newProcess();
    const acks = new Map<string, object>();
    const turn = async (): Promise<number> => {
      let records = 0;
      for (const name of names(members)) {
        const polled = await system.poll(pulls, name, { maxRecords: 1000, ...acks.get(name) });
        acks.set(name, acknowledging(polled, mode));
        records += polled.records.length;
      }
      system.clock.pass(roundMs);
      return records;
    };
    await turn();
    await turn();
    let [records, usage] = [0, difference(system.meter.total, system.meter.total)];
    for (let round = 0; round < rounds; round += 1) {
      for (let partition = 0; partition < partitions; partition += 1)
        await system.append(partition, recordsEach);
      const before = system.meter.total;
      records += await turn();
      usage = sum(usage, difference(system.meter.total, before));
    }
    return { usage, per: records };
  } finally {
    await system.stop();
  }
};

const sum = (one: Usage, other: Usage): Usage => ({
  writes: one.writes + other.writes,
  writeUnits: one.writeUnits + other.writeUnits,
  reads: one.reads + other.reads,
  readUnits: one.readUnits + other.readUnits,
  gets: one.gets + other.gets,
});

const pollMs = 20_000;
const idlePolls = 6;

/** What a consumer costs in an hour in which nothing comes and it polls without end. */
export const idleHours = async (mode: PulledGroup['mode'], members: number): Promise<Counted> => {
  const system = await startSystem(mode, partitions);
  try {
    const pulls = system.newProcess();
    const [first = ''] = names(members);
    let usage = difference(system.meter.total, system.meter.total);
    for (let time = 0; time < idlePolls; time += 1) {
      // The others poll as well: they are members for as long as this poll takes.
      for (const name of names(members)) await system.poll(pulls, name, { maxRecords: 0 });
      if (time === 0) await system.poll(pulls, first);
      const before = system.meter.total;
      await system.poll(pulls, first, { waitMs: pollMs });
      usage = sum(usage, difference(system.meter.total, before));
    }
    return { usage, per: (idlePolls * pollMs) / 3_600_000 };
  } finally {
    await system.stop();
  }
};

/** Requests of a poll that brings a batch of one partition and acknowledges the last, with all warm. */
export const warmPoll = async (): Promise<Counted> => {
  const system = await startSystem('pull', partitions);
  try {
    const pulls = system.newProcess();
    let ack: object = {};
    let usage = difference(system.meter.total, system.meter.total);
    for (let round = -2; round < rounds; round += 1) {
      await system.append(3, recordsEach);
      const before = system.meter.total;
      const polled = await system.poll(pulls, 'a', ack);
      if (round >= 0) usage = sum(usage, difference(system.meter.total, before));
      ack = acknowledging(polled, 'pull');
    }
    return { usage, per: rounds };
  } finally {
    await system.stop();
  }
};

/** Requests between two waits of a poll over 100 partitions in which nothing comes: the median, and the most. */
export const idleCycle = async (): Promise<{ readonly median: number; readonly most: number }> => {
  const system = await startSystem('pull', 100);
  try {
    const pulls = system.newProcess();
    await system.poll(pulls, 'a');
    system.waits.length = 0;
    await system.poll(pulls, 'a', { waitMs: pollMs });
    const cycles = system.waits.slice(1).map((requests, index) => requests - (system.waits[index] ?? 0));
    const sorted = [...cycles].sort((a, b) => a - b);
    return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, most: sorted.at(-1) ?? 0 };
  } finally {
    await system.stop();
  }
};
