import { describe, expect, it } from 'vitest';
import { newDeliveryMemory } from '../../../lib/delivery/memory.ts';
import { disabling, enabling } from '../../../lib/domain/groups/groups.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { cursorRef, groupRef, makeRig, offsetsOf, ok } from './rig.ts';

/** The rig after its process has delivered one record, with another process beside it. */
const makeTwo = async () => {
  const made = await makeRig();
  const { rig, deps, deliver, append, calls, cursors, clock, groups } = made;
  append({ value: 0 });
  await deliver();
  const other = newDeliveryMemory({ groups, clock });
  const elsewhere = async (): Promise<void> => {
    const here = deps.memory;
    Object.assign(deps, { memory: other });
    await deliver();
    Object.assign(deps, { memory: here });
  };
  /** Another process fails with what is next, and waits with its retry. */
  const failElsewhere = async (retryMs: number): Promise<void> => {
    const read = await cursors.get(cursorRef);
    const pendingEnd = (read?.committed ?? 0) + 1;
    const lease = { read, startOffset: 0, owner: 'other/1', leaseUntil: clock.now() + 25_000, pendingEnd };
    await cursors.acquire(cursorRef, lease);
    const retry = { attempts: 1, retryAt: clock.now() + retryMs, pendingEnd, lastFailure: 'It was out.' };
    await cursors.release(cursorRef, { epoch: (read?.epoch ?? 0) + 1, retry });
  };
  const cost = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    calls.length = 0;
    await work();
    return [...calls];
  };
  return { ...made, rig, elsewhere, failElsewhere, cost };
};

describe('a process that remembers a cursor', () => {
  it('goes on from where another process moved it, by what its refused lease shows', async () => {
    const { deliver, append, elsewhere, cost, sent, cursor, takeWakes } = await makeTwo();
    append({ value: 1 });
    await elsewhere();
    append({ value: 2 });
    const calls = await cost(() => deliver());
    expect(calls.filter((call) => call.startsWith('cursors.'))).toEqual([
      'cursors.acquire',
      'cursors.acquire',
      'cursors.commit',
    ]);
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2]]);
    expect([await cursor(), takeWakes()]).toMatchObject([{ committed: 3, leaseUntil: 0 }, []]);
  });

  it('leaves what another process holds or waits for alone', async () => {
    const { deliver, append, failElsewhere, sent, cursor } = await makeTwo();
    append({ value: 1 });
    await failElsewhere(60_000);
    const standing = await cursor();
    await deliver();
    expect([sent.length, await cursor()]).toEqual([1, standing]);
  });

  it('forgets no retry of another process, where a wake that answers for it comes with no time left', async () => {
    const { rig, deliver, append, failElsewhere, sent, takeWakes } = await makeTwo();
    append({ value: 1 });
    await failElsewhere(60_000);
    rig.remainingMs = () => 5000;
    await deliver({ kind: 'retry', epoch: 2 });
    rig.remainingMs = () => 120_000;
    for (let [next] = takeWakes(); next !== undefined; [next] = takeWakes()) {
      rig.pass(next.delayMs);
      await deliver(next.wake);
    }
    expect(sent.map(offsetsOf)).toEqual([[0], [1]]);
  });

  it('reads more and more of them after refusals, and no more after one that was as remembered', async () => {
    const { deps, group } = await makeTwo();
    const cursors = deps.memory?.cursors;
    const cursor = { committed: 1, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
    const { wake } = wakeFor(group, 0, 'append');
    /** How many are read before one is remembered again. */
    const passed = (): number => {
      for (let count = 0; count < 100; count += 1) {
        cursors?.keep(wake, cursor);
        if (cursors?.take(wake) !== undefined) return count;
      }
      return Number.NaN;
    };
    const counts = [passed()];
    for (const outcome of ['refused', 'refused', 'taken', 'refused'] as const) {
      cursors?.note(outcome);
      counts.push(passed());
    }
    expect(counts).toEqual([0, 8, 16, 0, 8]);
  });
});

describe('a process that remembers a group', () => {
  it('calls no endpoint of before for a wake that says that it has changed', async () => {
    const { deliver, append, groups, sent } = await makeTwo();
    const [read] = (await groups.get(groupRef))?.endpoints ?? [];
    if (read) await groups.updateEndpoint(groupRef, read, { url: 'https://moved.example.com/' });
    append({ value: 1 });
    await deliver({ kind: 'resume' });
    expect(sent.map(({ url }) => url)).toEqual(['https://hooks.example.com/', 'https://moved.example.com/']);
  });

  it('calls it as it was for less than five seconds', async () => {
    const { rig, deliver, append, groups, sent, clock } = await makeTwo();
    const [read] = (await groups.get(groupRef))?.endpoints ?? [];
    if (read) await groups.updateEndpoint(groupRef, read, disabling('gone', clock.now()));
    for (const ms of [4999, 1]) {
      rig.pass(ms);
      append({ value: ms });
      await deliver();
    }
    expect(sent).toHaveLength(2);
  });

  it('knows at once that it is to be called again', async () => {
    const { rig, deliver, append, groups, sent, clock } = await makeTwo();
    const change = async (with_: Parameters<typeof groups.updateEndpoint>[2]): Promise<void> => {
      const [read] = (await groups.get(groupRef))?.endpoints ?? [];
      if (read) await groups.updateEndpoint(groupRef, read, with_);
    };
    await change(disabling('gone', clock.now()));
    rig.pass(5000);
    append({ value: 1 });
    await deliver();
    await change(enabling(clock.now()));
    await deliver();
    expect(sent).toHaveLength(2);
  });

  it('does not take it for the one that has its name now', async () => {
    const { deliver, append, groups, group, sent, rig } = await makeTwo();
    const [endpoint] = (await groups.get(groupRef))?.endpoints ?? [];
    await groups.delete(groupRef, 'g1');
    await groups.create({ ...group, groupId: 'g2' });
    if (endpoint)
      await groups.putEndpoint(groupRef, { ...endpoint, endpointId: 'e2', url: 'https://b.example.com/' });
    rig.answer = () => ok;
    append({ value: 1 });
    await deliver({ groupId: 'g2' });
    expect(sent.at(-1)).toMatchObject({ url: 'https://b.example.com/' });
    expect(sent.slice(1).flatMap(offsetsOf)).toEqual([0, 1]);
  });
});
