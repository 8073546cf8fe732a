import { describe, expect, it } from 'vitest';
import { toldAgainMs } from '../../../lib/domain/events/standing.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { answered, groupRef, makeRig, ok, unreachable } from './rig.ts';

const dayMs = 24 * 60 * 60_000;

/** Makes every attempt as it falls due, until the endpoint is disabled. */
const untilDisabled = async ({ rig, deliver, takeWakes, groups }: Awaited<ReturnType<typeof makeRig>>) => {
  for (let wake = {}; ; ) {
    await deliver(wake);
    const [next] = takeWakes();
    if ((await groups.get(groupRef))?.endpoints[0]?.status === 'disabled' || next === undefined) return;
    rig.pass(next.delayMs);
    wake = next.wake;
  }
};

describe('an outage', () => {
  it.each([900, 86_400])(
    'is told at half and at nine tenths of the time before the endpoint is disabled, with pauses up to %i s',
    async (maxSeconds) => {
      const made = await makeRig({ delivery: { backoff: { initialSeconds: 1, maxSeconds } } });
      made.append({ value: 0 });
      made.rig.answer = () => unreachable;
      const begun = made.clock.now();
      await untilDisabled(made);
      const first = new Map(made.told.toReversed().map((event) => [event.key, event]));
      const warnings = [...first.values()].toReversed();
      expect(warnings.map(({ type, details }) => [type, details['endpoint'], details['share']])).toEqual([
        ['endpoint.failing', 'e1', 0.5],
        ['endpoint.failing', 'e1', 0.9],
      ]);
      for (const { at, details } of warnings) {
        const dueAt = begun + Number(details['share']) * 5 * dayMs;
        expect(at).toBeGreaterThanOrEqual(dueAt);
        expect(at - dueAt).toBeLessThanOrEqual(maxSeconds * 1000 + dayMs / 24);
        expect(details['reason']).toBe('Connection refused.');
      }
    },
  );

  it('of one of several endpoints is told as well', async () => {
    const made = await makeRig();
    const { rig, append, deliver, takeWakes, told, groups } = made;
    const [e1] = (await groups.get(groupRef))?.endpoints ?? [];
    if (e1 === undefined) throw new Error('There is no endpoint.');
    await groups.putEndpoint(groupRef, { ...e1, endpointId: 'e2', url: 'https://other.example.com/' });
    let out: string | undefined;
    rig.answer = ({ url }) => {
      // That which the partition belongs to.
      out ??= url;
      return url === out ? unreachable : ok;
    };
    for (let hours = 0; hours <= 4.9 * 24; hours += 0.25) {
      append({ value: hours });
      await deliver();
      for (const { wake } of takeWakes()) await deliver(wake);
      rig.pass(dayMs / 96);
    }
    const shares = new Map(told.map(({ key, type, details }) => [key, [type, details['share']]]));
    expect([...shares.values()]).toEqual([
      ['endpoint.failing', 0.5],
      ['endpoint.failing', 0.9],
    ]);
    // For some hours each, and not for ever.
    for (const { details } of told)
      expect(Number(details['outageSeconds']) * 1000).toBeLessThan(
        Number(details['share']) * limits.outageDisablesAfterMs + toldAgainMs + dayMs / 24,
      );
    const failing = (await groups.get(groupRef))?.endpoints.find(({ url }) => url === out);
    expect(new Set(told.map(({ details }) => details['endpoint']))).toEqual(new Set([failing?.endpointId]));
  });

  it('that ends before half of it is not worth a word, nor is a refusal', async () => {
    const made = await makeRig({ delivery: { deadLetterAfterSeconds: 0, maxAttempts: 1000 } });
    const { rig, append, deliver, takeWakes, told } = made;
    append({ value: 0 });
    const until = rig.clock.now() + 4 * dayMs;
    rig.answer = () => (rig.clock.now() < until - 2 * dayMs ? unreachable : answered(500));
    for (let wake = {}; rig.clock.now() < until; ) {
      await deliver(wake);
      const [next] = takeWakes();
      if (next === undefined) throw new Error('There is no retry.');
      rig.pass(next.delayMs);
      wake = next.wake;
    }
    expect(told).toEqual([]);
  });
});

describe('records that retention took', () => {
  it.each(['partition', 'key', 'none'] as const)('are told once, in the order %s', async (ordering) => {
    const { append, trim, deliver, told, cursor } = await makeRig({ delivery: { ordering, concurrency: 2 } });
    for (const value of [0, 1, 2, 3]) append({ value });
    await trim(2);
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 4, lost: 2 });
    expect(told).toMatchObject([
      {
        type: 'records.lost',
        topic: 'orders',
        group: 'billing',
        key: 'g1/0/0',
        details: { partition: 0, from: 0, to: ordering === 'partition' ? 2 : 4, records: 2 },
      },
    ]);
  });

  it('are told by a run before it counts them, and by the next one where it died in between', async () => {
    const { rig, append, trim, deliver, deps, told, cursor } = await makeRig();
    for (const value of [0, 1, 2, 3]) append({ value });
    await trim(2);
    const { commit } = deps.cursors;
    deps.cursors.commit = () => Promise.reject(new Error('It died.'));
    await expect(deliver()).rejects.toThrow();
    deps.cursors.commit = commit;
    expect(await cursor()).not.toHaveProperty('lost');
    rig.pass(60_000);
    await deliver();
    const key = 'g1/0/0';
    expect(told).toMatchObject([{ key }, { key }]);
    expect(await cursor()).toMatchObject({ committed: 4, lost: 2 });
  });
});
