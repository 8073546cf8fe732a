import { expect, it } from 'vitest';
import type { ArchiveTask } from '../../../lib/domain/archive/archive-tasks.ts';
import { ArchivePump } from '../../../lib/local/pumps/archive-pump.ts';
import { noTelemetry, type TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';

const task = (partition: number, topicId = 't'): ArchiveTask => ({ topic: 'orders', topicId, partition });
const clock = { monotonic: () => 1000 };

/** A pump whose tasks end when they are let go on, one by one. */
const makePump = () => {
  const begun: ArchiveTask[] = [];
  const remaining: (() => number)[] = [];
  let release = Promise.withResolvers<void>();
  const pump = new ArchivePump(
    async (next, run) => {
      begun.push(next);
      remaining.push(() => run.remainingMs());
      await release.promise;
    },
    { clock, telemetry: noTelemetry },
  );
  const goOn = async (): Promise<void> => {
    release.resolve();
    release = Promise.withResolvers();
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  };
  return { pump, begun, remaining, goOn };
};

it('does one task after the other, in their order', async () => {
  const { pump, begun, goOn } = makePump();
  await pump.send([task(0), task(1)]);
  await pump.send([task(2)]);
  expect(begun).toEqual([task(0)]);
  await goOn();
  expect(begun).toEqual([task(0), task(1)]);
  await goOn();
  await goOn();
  expect(begun).toEqual([task(0), task(1), task(2)]);
  await pump.drained();
});

it('does once what was sent again while it waited, and again what is sent while it is done', async () => {
  const { pump, begun, goOn } = makePump();
  await pump.send([task(0), task(1), task(1, 't2')]);
  await pump.send([task(0), task(1)]);
  for (let tasks = 0; tasks < 4; tasks += 1) await goOn();
  await pump.drained();
  expect(begun).toEqual([task(0), task(1), task(1, 't2'), task(0)]);
});

it('begins again when it had nothing to do for a while', async () => {
  const { pump, begun, goOn } = makePump();
  await pump.send([]);
  await pump.send([task(0)]);
  await goOn();
  await pump.drained();
  await pump.send([task(1)]);
  await goOn();
  expect(begun).toEqual([task(0), task(1)]);
});

it('tells of a task that fails, and goes on with the next', async () => {
  const events: TelemetryEvent[] = [];
  const done: number[] = [];
  const failure = new Error('the disk is full');
  const pump = new ArchivePump(
    async ({ partition }) => {
      if (partition === 0) throw failure;
      done.push(partition);
    },
    { clock, telemetry: { record: (event) => void events.push(event) } },
  );
  await pump.send([task(0), task(1)]);
  await pump.drained();
  expect(done).toEqual([1]);
  expect(events).toEqual([{ kind: 'fault', where: 'archive', error: failure }]);
});

it('leaves the task under way no more time once it is to stop, waits for it, and begins no other', async () => {
  const { pump, begun, remaining, goOn } = makePump();
  await pump.send([task(0), task(1)]);
  expect(remaining[0]?.()).toBeGreaterThan(60_000);
  let stopped = false;
  const stopping = pump.stop().then(() => {
    stopped = true;
  });
  expect(remaining[0]?.()).toBe(0);
  await Promise.resolve();
  expect(stopped).toBe(false);
  await goOn();
  await stopping;
  await pump.send([task(2)]);
  expect(begun).toEqual([task(0)]);
});
