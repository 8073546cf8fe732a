import { describe, expect, it } from 'vitest';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { answered, makeRig, offsetsOf, ok, unreachable } from './rig.ts';

const values = (count: number) => Array.from({ length: count }, (_, value) => ({ value }));
const refusal = answered(422);

/** A rig whose endpoint refuses every message that holds one of the `poison` offsets. */
const poisoned = async (poison: readonly number[], delivery: Parameters<typeof makeRig>[0] = {}) => {
  const made = await makeRig(delivery);
  made.rig.answer = (request: WebhookRequest) =>
    offsetsOf(request).some((offset) => poison.includes(offset)) ? refusal : ok;
  /** Answers every wake there is, in the moment that it is due, until none is left or `rounds` were answered. */
  const settle = async (rounds = 200): Promise<void> => {
    await made.deliver();
    for (let round = 0; round < rounds; round += 1) {
      const [next] = made.takeWakes();
      if (next === undefined) return;
      made.pass(next.delayMs);
      await made.deliver(next.wake);
    }
  };
  return { ...made, settle };
};

const soon = { maxAttempts: 3, deadLetterAfterSeconds: 0 };

describe('a message that is refused', () => {
  it('is halved after three refusals until the record stands alone, and that alone is a dead letter', async () => {
    const { settle, append, dead, cursor, sent, events } = await poisoned([5], {
      delivery: { batchSize: 8, ...soon },
    });
    append(...values(12));
    await settle();
    expect(dead.offsets).toEqual([{ partition: 0, offset: 5 }]);
    expect(await cursor()).toMatchObject({ committed: 12, leaseUntil: 0, deadLettered: 1 });
    const all = sent.map(offsetsOf).map((offsets) => `${offsets[0]}-${offsets.at(-1)}`);
    expect(all).toEqual([
      ...['0-7', '0-7', '0-7', '0-3'],
      ...['4-7', '4-7', '4-7', '4-5', '4-5', '4-5', '4-4'],
      // What is left of a message of two that was refused is the one of them that was.
      ...['5-5', '5-5', '5-5', '6-11'],
    ]);
    expect(events.filter(({ kind }) => kind === 'dead-lettered')).toEqual([
      {
        kind: 'dead-lettered',
        topic: 'orders',
        group: 'billing',
        partition: 0,
        offset: 5,
        refusals: 3,
      },
    ]);
  });

  it('keeps its id while it is the same message, and has another where it is another', async () => {
    const { settle, append, sent } = await poisoned([0], { delivery: { batchSize: 2, ...soon } });
    append(...values(2));
    await settle();
    expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual([
      ...Array.from({ length: 3 }, () => 'g1-0-0-2'),
      ...Array.from({ length: 3 }, () => 'g1-0-0-1'),
      'g1-0-1-2',
    ]);
  });

  it('makes a dead letter of each poisoned record and of no other', async () => {
    const poison = [0, 3, 4, 17, 29];
    const { settle, append, dead, cursor } = await poisoned(poison, { delivery: { batchSize: 10, ...soon } });
    append(...values(30));
    await settle();
    expect(dead.offsets.map(({ offset }) => offset)).toEqual(poison);
    expect(await cursor()).toMatchObject({ committed: 30, deadLettered: 5 });
  });

  it('holds the partition for as long as the dead letter cannot be written, and says so', async () => {
    const { settle, append, dead, cursor, events, sent } = await poisoned([0], {
      delivery: { batchSize: 1, ...soon },
    });
    append(...values(2));
    dead.isOpen = false;
    await settle(8);
    expect(await cursor()).toMatchObject({ committed: 0, stuck: 1 });
    expect((await cursor())?.lastFailure).toMatch(/cannot be written to the dead letters: The log is out/);
    expect(events.filter(({ kind }) => kind === 'fault').length).toBeGreaterThan(0);
    dead.isOpen = true;
    await settle();
    const last = await cursor();
    expect(last).toMatchObject({ committed: 2, deadLettered: 1 });
    expect(last).not.toHaveProperty('stuck');
    expect(dead.offsets).toHaveLength(1);
    expect(sent.at(-1)?.headers['webhook-id']).toBe('g1-0-1-2');
  });

  it('is no dead letter for an outage, however long that takes, before a refusal or after it', async () => {
    const { rig, settle, append, dead, cursor } = await poisoned([0], {
      delivery: { batchSize: 1, ...soon },
    });
    append(...values(1));
    let calls = 0;
    rig.answer = () => (++calls % 10 === 5 ? refusal : unreachable);
    await settle(15);
    expect(dead.offsets).toEqual([]);
    expect(await cursor()).toMatchObject({ committed: 0, refusals: 2 });
  });

  it('stays where maxAttempts is null', async () => {
    const { settle, append, dead, cursor } = await poisoned([0], {
      delivery: { batchSize: 1, maxAttempts: null, deadLetterAfterSeconds: 0 },
    });
    append(...values(2));
    await settle(40);
    expect(dead.offsets).toEqual([]);
    expect(await cursor()).toMatchObject({ committed: 0, refusals: 41 });
  });

  it('that everything follows is dead no sooner than the settings say, and each in a row waits longer', async () => {
    const { rig, settle, append, dead, clock } = await poisoned([], { delivery: { batchSize: 10 } });
    append(...values(20));
    rig.answer = () => refusal;
    const begun = clock.now();
    const times: number[] = [];
    const append0 = dead.appender.append;
    dead.appender.append = (...given) => {
      times.push(clock.now() - begun);
      return append0(...given);
    };
    await settle(100);
    const minutes = times.map((ms) => ms / 60_000);
    expect(minutes[0]).toBeGreaterThan(5);
    expect((minutes[2] ?? 0) - (minutes[1] ?? 0)).toBeCloseTo(20);
  });

  it('has a row end with what is acknowledged', async () => {
    const { settle, append, cursor } = await poisoned([0, 1, 3], { delivery: { batchSize: 1, ...soon } });
    append(...values(2));
    await settle();
    expect(await cursor()).toMatchObject({ committed: 2, deadLettered: 2, deadRow: 2 });
    append(...values(1));
    await settle();
    expect(await cursor()).not.toHaveProperty('deadRow');
  });
});
