import { expect, it } from 'vitest';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import { appendDefaults } from '../../../lib/log/append/options.ts';
import { settle } from '../../../lib/log/append/settle.ts';
import { tailAfter, tailRules } from '../../../lib/log/tail.ts';
import { instantOf } from '../../../lib/surroundings/clock.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { at, logWorld } from './scripted-store.ts';

const batchOf = (base: number, id: number) => ({
  base,
  count: 1,
  data: encodeRecords([{ key: `${base}` }]),
  writeId: new Uint8Array(8).fill(id),
  appendedAt: 0,
  bytesBefore: 0,
});

/** A put at slot 0, on a tail that was seen 30 s ago, where another has put so many batches since. */
const lost = async (batches: number, showsWinner: boolean) => {
  const world = logWorld({ showsWinner });
  const { clock, scheduler, store } = world;
  const seenAt = instantOf(clock);
  await world.pass(30_000);
  for (let base = 0; base < batches; base += 1)
    store.table.put(at, batchOf(base, 1), scheduler.now(), scheduler.now());
  const deps = { batches: store, clock, random: seededRandom(1), options: appendDefaults, rules: tailRules };
  const signal = new AbortController().signal;
  const write = { at, batch: batchOf(0, 2), tail: tailAfter(undefined, seenAt, seenAt), signal };
  const settlement = await world.outcome(settle(deps, write));
  if (settlement.kind !== 'lost') throw new Error(`It is ${settlement.kind}.`);
  return { end: settlement.tail.end, ageMs: instantOf(clock).wall - settlement.tail.asOf.wall };
};

it('the end that the winner of a slot shows is no younger than the end that the loser knew', async () => {
  expect(await lost(3, true)).toEqual({ end: 1, ageMs: 30_005 });
});

it('nor is one that a look at the slot shows, unless the look went to the end', async () => {
  expect(await lost(20, false)).toEqual({ end: 8, ageMs: 30_010 });
  // Its own age: what the look took.
  expect(await lost(3, false)).toEqual({ end: 3, ageMs: 5 });
});
