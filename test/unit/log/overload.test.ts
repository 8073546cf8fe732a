import { describe, expect, it } from 'vitest';
import { orderEvent } from '../../../bench/append/records.ts';
import { onDemand } from '../../../bench/append/simulated/fleets.ts';
import { exponential } from '../../../bench/append/simulated/log-normal.ts';
import { createWorld } from '../../../bench/append/simulated/world.ts';
import { millrace } from '../../../bench/append/systems/systems.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import { at, logWorld, type PutFate } from './scripted-store.ts';

const always = (fate: PutFate): PutFate[] => Array.from({ length: 10_000 }, () => fate);

/** The code of what an append comes to, or `stored`. */
const codeOf = (append: Promise<unknown>): Promise<string> =>
  append.then(
    () => 'stored',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );

/** A process whose last append waited in vain, and how the next `count` go, one after the other. */
const afterGivingUp = async (fate: PutFate) => {
  const world = logWorld();
  const appender = world.appender();
  world.store.fates = always(fate);
  const first = await world.outcome(codeOf(appender.append(at, [{ key: 'a' }])));
  const next = async (count: number, pauseMs = 0): Promise<string[]> => {
    const codes: string[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      if (pauseMs > 0) await world.pass(pauseMs);
      codes.push(await world.outcome(codeOf(appender.append(at, [{ key: 'b' }]))));
    }
    return codes;
  };
  return { world, first, next };
};

const shareOf = (codes: readonly string[], code: string): number =>
  codes.filter((other) => other === code).length / codes.length;

describe('a process whose last append to a partition waited in vain', () => {
  it('refuses most of the next ones at once, with the cause and a time, and without a request', async () => {
    const { world, first, next } = await afterGivingUp('throttled');
    expect(first).toBe('throttled');
    world.store.fates = [];
    const [requests, startedAt] = [world.store.requests.length, world.clock.now()];
    const refused: string[] = [];
    for (let code = ''; code !== 'stored'; ) {
      [code = ''] = await next(1);
      if (code !== 'stored') refused.push(code);
    }
    expect(new Set(refused)).toEqual(new Set(['throttled']));
    expect(world.store.requests.length - requests).toBeLessThanOrEqual(2);
    expect(world.clock.now() - startedAt).toBeLessThan(50);
  });

  it('tries again all the time, and takes everything soon after it has found that the partition can', async () => {
    const { world, next } = await afterGivingUp('throttled');
    world.store.fates = [];
    await next(100, 20);
    expect(await next(100, 20)).toEqual(Array.from({ length: 100 }, () => 'stored'));
  });

  it('has forgotten it after ten seconds', async () => {
    const { world, next } = await afterGivingUp('throttled');
    world.store.fates = [];
    await world.pass(10_001);
    expect(await next(20)).toEqual(Array.from({ length: 20 }, () => 'stored'));
  });

  it('takes them all where the store gave no sign: that is an outage, which one answer ends', async () => {
    const { world, first, next } = await afterGivingUp('never sent');
    expect(first).toBe('unavailable');
    world.store.fates = [];
    expect(await next(20)).toEqual(Array.from({ length: 20 }, () => 'stored'));
  });

  it('closes the partition all the same', async () => {
    const world = logWorld();
    const appender = world.appender({ leastAdmission: 0, admissionCut: 0 });
    world.store.fates = always('throttled');
    await world.outcome(codeOf(appender.append(at, [{ key: 'a' }])));
    world.store.fates = [];
    expect(await world.outcome(codeOf(appender.append(at, [{ key: 'b' }])))).toBe('throttled');
    await world.outcome(appender.close(at));
  });

  it('knows nothing bad of other partitions', async () => {
    const world = logWorld();
    const appender = world.appender({ leastAdmission: 0, admissionCut: 0 });
    world.store.fates = always('throttled');
    await world.outcome(codeOf(appender.append(at, [{ key: 'a' }])));
    world.store.fates = [];
    const other = { ...at, partition: at.partition + 1 };
    expect(await world.outcome(codeOf(appender.append(other, [{ key: 'b' }])))).toBe('stored');
  });
});

describe('an append to a slow store that refuses it again and again', () => {
  it('is answered within ten seconds', async () => {
    const world = logWorld();
    const appender = world.appender({ maxBackoffMs: 200 });
    await world.outcome(appender.append(at, [{ key: 'a' }]));
    world.store.slowMs = 1_900;
    world.store.fates = always('throttled');
    const startedAt = world.clock.now();
    expect(await world.outcome(codeOf(appender.append(at, [{ key: 'b' }])))).toBe('throttled');
    expect(world.clock.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('an append behind one whose put gets no answer', () => {
  it('is told within five seconds that it is not written, and those after it do not wait for long either', async () => {
    const world = logWorld();
    const appender = world.appender();
    world.store.fates = always('lost');
    const first = codeOf(appender.append(at, [{ key: 'a' }]));
    await world.pass(100);
    for (let turn = 0; turn < 3; turn += 1) {
      const startedAt = world.clock.now();
      expect(await world.outcome(codeOf(appender.append(at, [{ key: 'b' }])))).toBe('unavailable');
      expect(world.clock.now() - startedAt).toBeLessThan(5_000);
    }
    expect(await world.outcome(first)).toBe('outcome_unknown');
    await world.pass(60_000);
    world.store.fates = [];
    expect(await world.outcome(codeOf(appender.append(at, [{ key: 'c' }])))).toBe('stored');
  });
});

/** What became of what arrived, in phases one after the other, at processes that take one append at a time. */
const phases = async (plan: readonly { readonly perSecond: number; readonly seconds: number }[]) => {
  const world = createWorld(7, {});
  const fleet = onDemand(world, millrace);
  const outcomes = plan.map(() => [] as { readonly atMs: number; readonly code: string }[]);
  let begin = world.scheduler.now();
  for (const [index, { perSecond, seconds }] of plan.entries()) {
    const phase = { begin, end: begin + seconds * 1000 };
    const arrive = (): void => {
      const now = world.scheduler.now();
      if (now >= phase.end) return;
      const { offset } = fleet.send(orderEvent(world.arrivals, 0, now, 300));
      void codeOf(offset).then((code) => outcomes[index]?.push({ atMs: now - phase.begin, code }));
      world.scheduler.after(exponential(world.arrivals, 1000 / perSecond), arrive);
    };
    world.scheduler.after(phase.begin - world.scheduler.now(), arrive);
    begin = phase.end;
  }
  await world.scheduler.run();
  return outcomes;
};

describe('many processes that append to one partition, one append at a time', () => {
  it('refuse what it cannot take, and take everything again within ten seconds', async () => {
    const [storm = [], calm = []] = await phases([
      { perSecond: 400, seconds: 15 },
      { perSecond: 20, seconds: 30 },
    ]);
    const codes = storm.map(({ code }) => code);
    expect(shareOf(codes, 'stored')).toBeGreaterThan(0.3);
    // Those that contend take so many requests in the beginning that the table throttles them.
    expect(new Set(codes)).toEqual(new Set(['stored', 'partition_overloaded', 'throttled']));
    const [early, late] = [true, false].map((isEarly) =>
      calm.filter(({ atMs }) => atMs < 10_000 === isEarly).map(({ code }) => code),
    ) as [string[], string[]];
    expect(shareOf(early, 'stored')).toBeGreaterThan(0.8);
    expect(late.length).toBeGreaterThan(300);
    expect(new Set(late)).toEqual(new Set(['stored']));
  });
});
