import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { firstBreach } from '../first-breach.ts';
import { rateMutants, slotMutants } from './mutants.ts';
import { runPaced } from './scenario.ts';
import { runPacing, type WorldOptions } from './world.ts';

const windowMs = 10_000;
const breachOf = (seeds: number, options: WorldOptions): Promise<string | undefined> =>
  firstBreach((seed) => runPaced(seed, options), { from: 1, to: seeds });

/** Requests a second once it has begun, and writes a second. */
const flow = async (options: WorldOptions) => {
  const world = await runPacing(1, options);
  const now = world.scheduler.now();
  const perSecond = world.endpoint.perSecond(now - options.forMs + windowMs, now);
  return { perSecond, writes: (world.writes * 1000) / options.forMs, lanes: world.endpoint.by };
};

const faults = { faults: true, skewMs: 250 } as const;
const slots = { processes: 10, lanes: 4, maxConcurrentRequests: 4, forMs: 300_000 };
const long = { takesMs: [1000, 15_000] } as const;

describe('pacing in a world of crashes, freezes, lost and late writes', { timeout: 120_000 }, () => {
  it('never has more requests under way than allowed, by clocks that differ as much as is allowed for', async () => {
    const world = { ...slots, faults: true, skewMs: limits.slotSkewMs };
    expect(await breachOf(10, world)).toBeUndefined();
    expect(await breachOf(25, { ...world, ...long })).toBeUndefined();
    expect(await breachOf(10, { ...world, ...long, maxConcurrentRequests: 1 })).toBeUndefined();
  });

  it.each([
    [2, 20, 2],
    [50, 20, 2],
    [200, 8, 8],
  ])(
    'has no more than the rate of %i a second over ten seconds, within its tolerance',
    async (requestsPerSecond, processes, lanes) => {
      const world = { processes, lanes, requestsPerSecond, forMs: 120_000, ...faults };
      expect(await breachOf(6, world)).toBeUndefined();
    },
  );

  it('holds both at once', async () => {
    const world = { ...slots, ...faults, requestsPerSecond: 10, takesMs: [10, 1000] } as const;
    expect(await breachOf(10, world)).toBeUndefined();
  });

  describe('is found out with a rule left out:', () => {
    it.each(Object.values(slotMutants))('$name (slots)', async ({ broken }) => {
      const world = { ...slots, ...long, faults: true, broken };
      expect(await breachOf(30, world)).toMatch(/requests were under way/);
    });

    it.each(Object.values(rateMutants))('$name (rate)', async ({ broken }) => {
      const world = { processes: 20, lanes: 2, requestsPerSecond: 50, forMs: 60_000, ...faults, broken };
      expect(await breachOf(30, world)).toMatch(/requests came within ten seconds/);
    });
  });
});

describe('pacing in a world without faults', { timeout: 120_000 }, () => {
  it.each([
    [0.1, 1, 900_000],
    [0.5, 1, 300_000],
    [10, 1, 60_000],
    [100, 8, 60_000],
    [1000, 64, 30_000],
  ])(
    'lets one process alone have nine tenths of a rate of %d a second, at five writes a second',
    async (requestsPerSecond, lanes, forMs) => {
      const { perSecond, writes } = await flow({ processes: 1, lanes, requestsPerSecond, forMs });
      expect(perSecond / requestsPerSecond).toBeGreaterThan(0.9);
      expect(writes).toBeLessThan(5);
    },
  );

  it('lets many processes have the rate together, at four writes a second each', async () => {
    const world = { processes: 20, lanes: 2, requestsPerSecond: 50, forMs: 60_000 };
    const { perSecond, writes, lanes } = await flow(world);
    expect(perSecond).toBeGreaterThan(45);
    expect(writes / world.processes).toBeLessThan(4);
    expect(lanes.size).toBe(40);
  });

  it('keeps every slot in use, and gives each partition its turn', async () => {
    const world = { ...slots, lanes: 1, forMs: 1_200_000, takesMs: [100, 100] } as const;
    const { perSecond, lanes, writes } = await flow(world);
    expect(perSecond).toBeGreaterThan(4 * 10 * 0.9);
    expect(lanes.size).toBe(10);
    expect(Math.min(...lanes.values())).toBeGreaterThan(Math.max(...lanes.values()) / 4);
    expect(writes).toBeLessThan(1);
  });
});
