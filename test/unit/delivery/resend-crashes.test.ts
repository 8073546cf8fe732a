import { expect, test } from 'vitest';
import { deliver } from '../../../lib/delivery/deliver.ts';
import { wakeForsakenResends } from '../../../lib/delivery/sweep/forsaken.ts';
import { shownAgainAfterMs } from '../../../lib/delivery/unanswered.ts';
import { hasGivenUp } from '../../../lib/domain/groups/resends.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { answered, groupRef, makeRig, offsetsOf, ok, unreachable } from './rig.ts';

const seeds = 300;
const [from, to] = [3, 31];
const lane = 'r1';
const sweepEveryMs = 300_000;

/** `target`, of whose calls some fail before they have their effect, and some after. */
const unreliable = <Target extends object>(
  target: Target,
  chance: () => number,
  share: () => number,
): Target =>
  new Proxy(target, {
    get: (original, method) => {
      const value: unknown = Reflect.get(original, method, original);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]): Promise<unknown> => {
        const luck = chance();
        if (luck < share() / 2) throw new Error('It never left.');
        const answer: unknown = await Reflect.apply(value, original, args);
        if (luck < share()) throw new Error('Its answer was lost.');
        return answer;
      };
    },
  });

/** One resend of some of forty records, in a world in which stores, queue and endpoint fail at random, and wakes are set aside, until it has gone on for long. */
const run = async (seed: number) => {
  const random = seededRandom(seed);
  const chance = () => random.number();
  const ranges = { 0: [from, to] as const };
  const rigged = await makeRig({
    delivery: { batchSize: 4 },
    endpoint: { resend: { resendId: lane, ranges, requestedAt: 0 } },
  });
  const { rig, deps, append, clock, wakes, cursors, cursor, group } = rigged;
  for (let value = 0; value < 40; value += 1) append({ value });
  await rigged.deliver();
  rigged.takeWakes();
  const before = await cursor();
  let turns = 0;
  const share = () => (turns < 60 ? 0.15 : 0);
  const taken = new Set<number>();
  const refused = new Set<number>();
  const webhooks = {
    post: async (request: Parameters<typeof rig.answer>[0]) => {
      const luck = chance();
      const offsets = offsetsOf(request);
      if (turns < 60 && luck < 0.15) return unreachable;
      if (luck > 0.95) {
        for (const offset of offsets) refused.add(offset);
        return answered(422);
      }
      for (const offset of offsets) taken.add(offset);
      // Some that it took it could not say so of.
      return turns < 60 && luck < 0.2 ? unreachable : ok;
    },
  };
  const shaky = {
    ...deps,
    cursors: unreliable(deps.cursors, chance, share),
    queue: unreliable(deps.queue, chance, share),
    webhooks,
  };
  /** Sweeps for half a day, or until there was something to wake. Gives whether there was. */
  const sweep = async (): Promise<boolean> => {
    for (let sweeps = 0; sweeps < 144; sweeps += 1) {
      rig.pass(sweepEveryMs);
      const subscription = await rigged.groups.get(groupRef);
      if (subscription !== undefined && (await wakeForsakenResends(deps, subscription)) > 0) return true;
    }
    return false;
  };
  await wakes.send([{ wake: { ...wakeFor(group, 0, 'continue').wake, lane } }]);
  let setAside = 0;
  for (;;) {
    const next = wakes.nextVisibleAt();
    if (next === undefined && !(await sweep())) break;
    if (next === undefined) continue;
    turns += 1;
    expect(turns, `seed ${seed} ends`).toBeLessThan(2000);
    rig.pass(Math.max(0, next - clock.now()));
    const received = wakes.receive();
    await Promise.all(
      received.map(async ({ wake, receipt, messageId, receives }) => {
        if (turns < 60 && chance() < 0.05) {
          setAside += 1;
          wakes.acknowledge(receipt);
          return;
        }
        try {
          await deliver(shaky, wake, { messageIds: [messageId], remainingMs: () => 120_000 });
          wakes.acknowledge(receipt);
        } catch (error) {
          await wakes.showAgain(receipt, shownAgainAfterMs(error, receives));
        }
      }),
    );
  }
  return {
    taken,
    refused,
    setAside,
    before,
    after: await cursor(),
    end: await cursors.get({ groupId: 'g1', partition: 0, lane }),
  };
};

test(`whatever crashes or is lost, a resend ends, and each record was taken or refused (seeds 1 to ${seeds})`, async () => {
  let whole = 0;
  let lost = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { taken, refused, setAside, before, after, end } = await run(seed);
    lost += setAside;
    // The group is where it was.
    expect(after, `seed ${seed}`).toEqual(before);
    for (const offset of [...taken, ...refused])
      expect(offset >= from && offset < to, `seed ${seed}: offset ${offset} is of the range`).toBe(true);
    if (end !== undefined && hasGivenUp(end)) continue;
    whole += 1;
    expect(end, `seed ${seed}`).toMatchObject({ committed: to, leaseUntil: 0 });
    for (let offset = from; offset < to; offset += 1)
      expect(taken.has(offset) || refused.has(offset), `seed ${seed}: offset ${offset} was sent`).toBe(true);
  }
  expect(whole).toBeGreaterThan(seeds * 0.9);
  expect(lost).toBeGreaterThan(seeds / 10);
});
