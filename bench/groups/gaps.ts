import { type System, startSystem } from './system.ts';

/** How long records that a member had in hand have no reader, ms of simulated time, and what the survivor is assigned with its next poll. */
export interface Gap {
  readonly ms: number;
  readonly partitions: number;
}

const partitions = 16;

/** Two members, each of another process; one has records of all partitions in hand. */
const twoMembers = async () => {
  const system = await startSystem('pull', partitions);
  const [one, other] = [system.newProcess(), system.newProcess()];
  for (let partition = 0; partition < partitions; partition += 1) await system.append(partition, 1);
  await system.poll(one, 'a');
  await system.poll(other, 'b');
  return { system, one, other };
};

/** Until the survivor has the record of a partition that the other held: it polls without end. */
const untilTaken = async (system: System, take: () => Promise<{ readonly records: readonly unknown[] }>) => {
  const begun = system.clock.monotonic();
  for (;;) {
    const { records } = await take();
    if (records.length > 0) return system.clock.monotonic() - begun;
  }
};

/** After a member left. */
export const gapAfterLeave = async (): Promise<Gap> => {
  const { system, one, other } = await twoMembers();
  try {
    await one.leave(system.topic, system.group.name, 'a');
    const next = await system.poll(other, 'b', { waitMs: 20_000 });
    const ms =
      next.records.length > 0
        ? 0
        : await untilTaken(system, () => system.poll(other, 'b', { waitMs: 20_000 }));
    return { ms, partitions: next.assignment.length };
  } finally {
    await system.stop();
  }
};

/** After a member died, with the settings that a group has by default. */
export const gapAfterDeath = async (): Promise<Gap> => {
  const { system, other } = await twoMembers();
  try {
    const ms = await untilTaken(system, () => system.poll(other, 'b', { waitMs: 5_000 }));
    const { assignment } = await system.poll(other, 'b');
    return { ms, partitions: assignment.length };
  } finally {
    await system.stop();
  }
};
