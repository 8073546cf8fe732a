import { breaches, holes } from '../log-check.ts';
import { orderEvent } from '../records.ts';
import { onDemand, standing } from '../simulated/fleets.ts';
import { exponential } from '../simulated/log-normal.ts';
import type { TableOptions } from '../simulated/table.ts';
import { createWorld, hotPartition, type System, type World } from '../simulated/world.ts';
import { percentile, Tally } from './tally.ts';

/** Bytes of a record as it is stored (JSON). */
export const recordSize = 300;

export interface RowPlan {
  readonly system: System;
  /** Combining processes; absent: processes that take one request at a time, as many as are in flight. */
  readonly processes?: number;
  /** Records per second, arriving independently of each other. */
  readonly offered: number;
  /** Virtual. */
  readonly seconds: number;
}

export interface Row {
  readonly system: string;
  readonly processes: number | undefined;
  readonly offered: number;
  readonly seconds: number;
  /** Records acknowledged per second, while the load was on. */
  readonly carried: number;
  /** All per record acknowledged, what refused ones cost included. */
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Arrival to acknowledgement, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Shares of the records offered. */
  readonly refused: number;
  readonly unknown: number;
  /** Of the records carried, the smallest process's part of an even share; absent unless they are standing. */
  readonly smallestShare: number | undefined;
  /** The most records that waited at once, in each quarter of the time. */
  readonly peaks: readonly [number, number, number, number];
  readonly storedBytesPerRecord: number;
  readonly holes: number;
  /** What is wrong with the log beside holes; empty when nothing is. */
  readonly breaches: readonly string[];
}

export interface RowSettings {
  readonly seed: number;
  readonly table: Partial<TableOptions>;
}

/** The same load always has the same seed, whichever system meets it and whatever ran before. */
const seedOf = (seed: number, { processes = 0, offered }: RowPlan): number =>
  (seed * 1009 + processes) * 100_003 + offered;

const offerLoad = (world: World, plan: RowPlan): Tally => {
  const { scheduler, arrivals } = world;
  const startsAt = scheduler.now();
  const endsAt = startsAt + plan.seconds * 1000;
  const fleet =
    plan.processes === undefined
      ? onDemand(world, plan.system)
      : standing(world, plan.system, plan.processes);
  const tally = new Tally(startsAt, endsAt);
  let sequence = 0;
  const arrive = (): void => {
    const arrivedAt = scheduler.now();
    if (arrivedAt > endsAt) return;
    const mine = sequence;
    sequence += 1;
    tally.arrive(arrivedAt);
    const { process, offset } = fleet.send(orderEvent(arrivals, mine, arrivedAt, recordSize));
    offset.then(
      (at) => tally.acknowledge({ sequence: mine, offset: at, process, arrivedAt, now: scheduler.now() }),
      (error: unknown) => tally.fail(mine, error),
    );
    scheduler.after(exponential(arrivals, 1000 / plan.offered), arrive);
  };
  scheduler.after(exponential(arrivals, 1000 / plan.offered), arrive);
  return tally;
};

const smallestShare = (tally: Tally, processes: number | undefined): number | undefined => {
  if (processes === undefined || tally.acknowledged.length === 0) return undefined;
  const counts = Array.from({ length: processes }, (_, process) => tally.byProcess.get(process) ?? 0);
  return Math.min(...counts) / (tally.acknowledged.length / processes);
};

/** Runs one row in a world of its own, until its last record has its answer, and checks the log that it left. */
export const runRow = async (plan: RowPlan, { seed, table }: RowSettings): Promise<Row> => {
  const world = createWorld(seedOf(seed, plan), table);
  const tally = offerLoad(world, plan);
  await world.scheduler.run();
  const { counts, requests } = world.table;
  const batches = world.table.batches(hotPartition);
  const carried = tally.acknowledged.length;
  const answered = carried + tally.refused.length + tally.unknown.length + tally.faults.length;
  const per = (total: number, of: number): number => (of === 0 ? 0 : total / of);
  return {
    system: plan.system.name,
    processes: plan.processes,
    offered: plan.offered,
    seconds: plan.seconds,
    carried: tally.carriedInTime / plan.seconds,
    requests: per(requests, carried),
    writeUnits: per(counts.writeUnits, carried),
    readUnits: per(counts.readUnits, carried),
    p50: percentile(tally.latencies, 50),
    p99: percentile(tally.latencies, 99),
    refused: per(tally.refused.length, answered),
    unknown: per(tally.unknown.length, answered),
    smallestShare: smallestShare(tally, plan.processes),
    peaks: tally.peaks,
    storedBytesPerRecord: per(
      batches.reduce((sum, batch) => sum + batch.data.length, 0),
      batches.reduce((sum, batch) => sum + batch.count, 0),
    ),
    holes: holes(batches),
    breaches: [...breaches(batches, tally), ...unanswered(tally, answered)],
  };
};

/** Once nothing is left to happen, every record must have had its answer. */
const unanswered = (tally: Tally, answered: number): readonly string[] => {
  const waiting = tally.arrived - answered;
  return waiting === 0 ? [] : [`${waiting} records never answered`];
};
