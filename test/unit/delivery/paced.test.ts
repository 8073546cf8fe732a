import { describe, expect, it } from 'vitest';
import { Pacing } from '../../../lib/delivery/pacing/pacing.ts';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { answered, groupRef, makeRig, offsetsOf, ok, unreachable } from './rig.ts';

const settings = (endpoint: Partial<Endpoint>) => ({ endpoint });

/** A rig whose endpoint allows one request at a time, and another process that has it. */
const makeBusy = async () => {
  const made = await makeRig(settings({ maxConcurrentRequests: 1 }));
  const pacing = new Pacing({ paces: made.paces, clock: made.clock, random: seededRandom(9) });
  const enter = async () => {
    const endpoint = { endpointId: 'e1', maxConcurrentRequests: 1 };
    const entry = await pacing.enter(
      { groupId: 'g1', endpoint, timeoutMs: 15_000 },
      { who: 'x', hasWaited: false },
    );
    if (entry.kind !== 'entered') throw new Error('It is free.');
    return entry;
  };
  return { ...made, enter };
};

const putOffsIn = (events: readonly TelemetryEvent[]) => events.filter(({ kind }) => kind === 'put-off');
const pacesIn = (calls: readonly string[]) => calls.filter((call) => call.startsWith('paces.'));

describe('delivery to an endpoint that is paced', () => {
  it('asks for no pace where the endpoint has no such setting', async () => {
    const { append, deliver, calls, sent } = await makeRig();
    append({ value: 0 });
    await deliver();
    expect(sent).toHaveLength(1);
    expect(pacesIn(calls)).toEqual([]);
  });

  it('takes a slot for a whole run, and has given it back when the run ends', async () => {
    const { append, deliver, calls, sent, paces } = await makeRig({
      delivery: { batchSize: 1 },
      ...settings({ maxConcurrentRequests: 1 }),
    });
    append(...Array.from({ length: 10 }, (_, value) => ({ value })));
    await deliver();
    expect(sent).toHaveLength(10);
    expect(pacesIn(calls)).toEqual(['paces.get', 'paces.replace', 'paces.replace']);
    expect((await paces.get({ groupId: 'g1', endpointId: 'e1' }))?.held).toEqual([]);
  });

  it('is put off where there is no slot: no attempt, no lease, and one wake that comes back', async () => {
    const { append, deliver, sent, takeWakes, cursor, enter, rig, events } = await makeBusy();
    const entry = await enter();
    append({ value: 0 });
    await deliver();
    expect(sent).toEqual([]);
    const who = { topic: 'orders', group: 'billing', partition: 0 };
    expect(putOffsIn(events)).toMatchObject([{ ...who, for: 'slot', delayMs: expect.any(Number) }]);
    const putOff = await cursor();
    expect(putOff).toMatchObject({ committed: 0, attempts: 0, leaseUntil: 0, pendingEnd: 1 });
    expect(putOff?.lastFailure).toMatch(/maxConcurrentRequests/);
    expect(putOff).not.toHaveProperty('failingSince');
    const wakes = takeWakes();
    expect(wakes).toMatchObject([{ wake: { kind: 'retry', epoch: 1 } }]);
    // What is appended meanwhile makes no further wake.
    append({ value: 1 });
    await deliver();
    expect([sent, takeWakes()]).toEqual([[], []]);
    await entry.leave();
    rig.pass(wakes[0]?.delayMs ?? 0);
    await deliver(wakes[0]?.wake);
    expect(sent.map(offsetsOf)).toEqual([[0], [1]]);
    expect(await cursor()).toMatchObject({ committed: 2, attempts: 0, retryAt: 0 });
    expect(putOffsIn(events)).toHaveLength(1);
  });

  it('leaves a free slot to one who has waited, who comes with the wake of a pause', async () => {
    const { append, deliver, sent, takeWakes, enter, rig, paces } = await makeBusy();
    const entry = await enter();
    append({ value: 0 });
    await deliver();
    rig.pass(5000);
    for (const { wake } of takeWakes()) await deliver(wake);
    expect((await paces.get({ groupId: 'g1', endpointId: 'e1' }))?.waitedFor).toBeGreaterThan(0);
    await entry.leave();
    const other = new Pacing({ paces, clock: rig.clock, random: seededRandom(5) });
    const called = { groupId: 'g1', endpoint: { endpointId: 'e1', maxConcurrentRequests: 1 }, timeoutMs: 1 };
    expect((await other.enter(called, { who: 'y', hasWaited: false })).kind).toBe('later');
    rig.pass(5000);
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(sent).toHaveLength(1);
  });

  it('keeps what is known of failures before: a pause for a slot is none', async () => {
    const { append, deliver, sent, takeWakes, cursor, enter, rig } = await makeBusy();
    append({ value: 0 });
    rig.answer = () => unreachable;
    await deliver();
    const failed = await cursor();
    expect(failed).toMatchObject({ attempts: 1, lastFailure: 'Connection refused.' });
    const entry = await enter();
    rig.pass(2000);
    for (const { wake } of takeWakes()) await deliver(wake);
    const { retryAt, epoch, ...known } = (await cursor()) ?? { retryAt: 0, epoch: 0 };
    const { retryAt: before, epoch: first, ...same } = failed ?? { retryAt: 0, epoch: 0 };
    expect(known).toEqual(same);
    expect([retryAt > before, epoch]).toEqual([true, first + 1]);
    expect(sent).toHaveLength(1);
    await entry.leave();
    rig.answer = () => answered(400);
    rig.pass(30_000);
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(await cursor()).toMatchObject({ attempts: 2, refusals: 1 });
    await enter();
    rig.pass(10_000);
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(await cursor()).toMatchObject({ attempts: 2, refusals: 1 });
  });

  it('sends at the rate, and goes on by a wake where the next moment is far off', async () => {
    const { append, deliver, sent, takeWakes, rig, clock } = await makeRig({
      delivery: { batchSize: 1 },
      ...settings({ requestsPerSecond: 0.2 }),
    });
    append({ value: 0 }, { value: 1 }, { value: 2 });
    const at: number[] = [];
    rig.answer = () => {
      at.push(clock.now());
      return ok;
    };
    await deliver();
    for (let runs = 0; runs < 10 && sent.length < 3; runs += 1) {
      const wakes = takeWakes();
      rig.pass(Math.max(...wakes.map(({ delayMs }) => delayMs)));
      for (const { wake } of wakes) await deliver(wake);
    }
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2]]);
    const [first = 0, ...others] = at;
    expect(others.map((time) => time - first)).toEqual([5000, 10_000]);
  });

  it('holds to what is set while a run is under way', async () => {
    const { append, deliver, sent, rig, groups, calls, clock } = await makeRig({
      delivery: { batchSize: 1 },
    });
    append({ value: 0 }, { value: 1 }, { value: 2 });
    rig.answer = async () => {
      if (sent.length === 1) {
        const [endpoint] = (await groups.get(groupRef))?.endpoints ?? [];
        if (endpoint !== undefined) await groups.updateEndpoint(groupRef, endpoint, { requestsPerSecond: 2 });
        rig.pass(6000);
      }
      return ok;
    };
    const begun = clock.now();
    await deliver();
    expect(sent).toHaveLength(3);
    expect(clock.now() - begun).toBe(6500);
    expect(pacesIn(calls)).toEqual(['paces.get', 'paces.replace', 'paces.replace']);
  });
});

describe('delivery of several messages at a time to an endpoint that is paced', () => {
  const delivery = { batchSize: 1, ordering: 'none', concurrency: 8 } as const;

  it('has no more requests under way than it allows, and delivers all in one run', async () => {
    const { append, deliver, sent, rig, paces, cursor } = await makeRig({
      delivery,
      ...settings({ maxConcurrentRequests: 3 }),
    });
    append(...Array.from({ length: 30 }, (_, value) => ({ value })));
    let underWay = 0;
    let most = 0;
    rig.answer = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
      underWay -= 1;
      return ok;
    };
    await deliver();
    expect(most).toBe(3);
    expect(sent).toHaveLength(30);
    expect(await cursor()).toMatchObject({ committed: 30, attempts: 0 });
    expect((await paces.get({ groupId: 'g1', endpointId: 'e1' }))?.held).toEqual([]);
  });

  it('is put off where there is none at all, and keeps what failed before', async () => {
    const made = await makeRig({ delivery, ...settings({ maxConcurrentRequests: 1 }) });
    const { append, deliver, sent, takeWakes, rig, cursor } = made;
    const pacing = new Pacing({ paces: made.paces, clock: made.clock, random: seededRandom(9) });
    const called = {
      groupId: 'g1',
      endpoint: { endpointId: 'e1', maxConcurrentRequests: 1 },
      timeoutMs: 15_000,
    };
    const entry = await pacing.enter(called, { who: 'x', hasWaited: false });
    append({ value: 0 }, { value: 1 });
    await deliver();
    expect(sent).toEqual([]);
    expect(await cursor()).toMatchObject({ committed: 0, attempts: 0, leaseUntil: 0 });
    expect((await cursor())?.lastFailure).toMatch(/maxConcurrentRequests/);
    expect(putOffsIn(made.events)).toMatchObject([{ for: 'slot' }]);
    if (entry.kind === 'entered') await entry.leave();
    for (let runs = 0; runs < 5 && sent.length < 2; runs += 1) {
      const wakes = takeWakes();
      rig.pass(Math.max(...wakes.map(({ delayMs }) => delayMs)));
      for (const { wake } of wakes) await deliver(wake);
    }
    expect(sent).toHaveLength(2);
    expect(await cursor()).toMatchObject({ committed: 2, attempts: 0, retryAt: 0 });
  });
});
