import { describe, expect, it } from 'vitest';
import { Scheduler, type StandingClocks, seededRandom } from '../../simulation/scheduler.ts';

describe('the scheduler', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => random.number());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true);
  });

  it('runs events in order of time, those of one instant in order of queueing, continuations before the next event', async () => {
    const world = new Scheduler(0);
    const seen: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await world.clock.sleep(ms);
      await Promise.resolve();
      await Promise.resolve();
      seen.push(`${name}@${world.now()}`);
    };
    void sleeper('late', 10);
    void sleeper('early', 5);
    void sleeper('second', 5);
    expect(await world.run()).toBe('idle');
    expect(seen).toEqual(['early@5', 'second@5', 'late@10']);
  });

  it('resumes a frozen process after the freeze and a crashed one never', async () => {
    const world = new Scheduler(0);
    const [frozen, crashed] = [world.process(), world.process()];
    const seen: string[] = [];
    void frozen.clock.sleep(10).then(() => seen.push(`frozen@${frozen.clock.now()}`));
    void crashed.clock.sleep(10).then(() => seen.push('crashed'));
    frozen.freeze(1000);
    crashed.crash();
    await world.run();
    expect(seen).toEqual(['frozen@1000']);
  });

  it('serves a request whose response is lost, and ends the wait at the abort', async () => {
    const world = new Scheduler(0);
    const process = world.process();
    const controller = new AbortController();
    let served = 0;
    const answer = process
      .request({
        requestMs: 5,
        responseMs: 5,
        serve: () => {
          served += 1;
        },
        loseResponse: true,
        signal: controller.signal,
        onAbort: () => new Error('no answer'),
      })
      .catch((error: Error) => `${error.message}@${world.now()}`);
    void world.clock.sleep(50).then(() => controller.abort());
    await world.run();
    expect(served).toBe(1);
    expect(await answer).toBe('no answer@50');
  });

  it('stops at a limit of time with later events still queued', async () => {
    const world = new Scheduler(0);
    let ran = false;
    world.after(100, () => {
      ran = true;
    });
    expect(await world.run({ maxMs: 99 })).toBe('maxMs');
    expect([ran, world.now()]).toEqual([false, 99]);
    await world.run();
    expect(ran).toBe(true);
  });

  it('gives each process clocks of its own, which step, and stand still in a freeze as they are told', async () => {
    const world = new Scheduler(0);
    const readings = async (standing: StandingClocks): Promise<number[]> => {
      const process = world.process();
      const [wall, monotonic] = [process.clock.now(), process.clock.monotonic()];
      process.freeze(100, standing);
      await process.clock.sleep(10);
      return [process.clock.now() - wall, process.clock.monotonic() - monotonic];
    };
    const all = Promise.all([readings('none'), readings('monotonic'), readings('both')]);
    await world.run();
    expect(await all).toEqual([
      [100, 100],
      [100, 0],
      [0, 0],
    ]);
    const stepped = world.process();
    stepped.stepClock(-30);
    expect([stepped.clock.now(), stepped.clock.monotonic()]).toEqual([70, 100]);
  });
});
