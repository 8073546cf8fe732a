import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError } from '../../../../lib/domain/errors.ts';
import { keyMark, storedKey } from '../../../../lib/domain/idempotency/keys.ts';
import type { Batch } from '../../../../lib/domain/records/batches.ts';
import { type Claim, prepareClaim } from '../../../../lib/log/idempotency/claims.ts';
import type { IntentStore } from '../../../../lib/stores/intents.ts';
import { MemoryBatchStore } from '../../../../lib/stores/memory/batches.ts';
import { MemoryIntentStore } from '../../../../lib/stores/memory/intents.ts';
import { systemClock as clock } from '../../../../lib/stores/system/clock.ts';

const at = { topicId: 't', partition: 0 };
const key = storedKey('k');
const never = new AbortController().signal;

const batch = (base: number, idempotencyKeys?: readonly string[]): Batch => ({
  base,
  count: 2,
  data: new Uint8Array([1]),
  writeId: new Uint8Array(8),
  appendedAt: 1_000 + base,
  bytesBefore: base,
  ...(idempotencyKeys !== undefined && { idempotencyKeys }),
});
const withKey = (base: number): Batch => batch(base, [keyMark(key, 1)]);

const world = () => {
  const intents = new MemoryIntentStore();
  const batches = new MemoryBatchStore(clock);
  const land = (landing: Batch): void => void batches.table.put(at, landing, clock.now(), clock.now());
  const claim = (attempt: string): Claim => ({ key, digest: 'd', attempt, isAlone: true });
  const prepare = (own: Claim, end: number, store: IntentStore = intents) =>
    prepareClaim(
      { intents: store, batches, clock, options: { attemptTimeoutMs: 1_000 } },
      at,
      own,
      end,
      never,
    );
  return { intents, batches, land, claim, prepare };
};

describe('an attempt by a key that another attempt has begun with', () => {
  test('finds what that one wrote', async () => {
    const { prepare, claim, land } = world();
    expect(await prepare(claim('a'), 0)).toEqual({ kind: 'ready' });
    land(withKey(0));
    const appended = { base: 1, appendedAt: 1_000, replayed: true };
    expect(await prepare(claim('b'), 2)).toEqual({ kind: 'replayed', appended });
  });

  test('puts at the same slot while nothing is there, and the one before cannot move on', async () => {
    const { prepare, claim, land } = world();
    const [a, b] = [claim('a'), claim('b')];
    await prepare(a, 0);
    expect(await prepare(b, 0)).toEqual({ kind: 'ready' });
    land(batch(0));
    expect(await prepare(a, 2)).toMatchObject({
      kind: 'refused',
      problem: { code: 'idempotency_taken_over' },
    });
    expect(await prepare(b, 2)).toEqual({ kind: 'ready' });
  });

  test('looks where it took over before it moves on, though it learns only later that it has', async () => {
    const { prepare, claim, land, intents } = world();
    await prepare(claim('a'), 0);
    const b = claim('b');
    const unheard: IntentStore = {
      begin: (ref, intent, now) => intents.begin(ref, intent, now),
      find: (ref) => intents.find(ref),
      move: (ref, to) => intents.move(ref, to),
      takeOver: async (ref, from) => {
        await intents.takeOver(ref, from);
        throw new OutcomeUnknownError('no answer');
      },
    };
    expect(await prepare(b, 0, unheard)).toMatchObject({ kind: 'later' });
    land(withKey(0));
    expect(await prepare(b, 2)).toMatchObject({ kind: 'replayed', appended: { base: 1 } });
  });

  test('asks for a later end where the intent is further than its own', async () => {
    const { prepare, claim, land } = world();
    const a = claim('a');
    await prepare(a, 0);
    land(batch(0));
    await prepare(a, 2);
    expect(await prepare(claim('b'), 0)).toEqual({ kind: 'past' });
  });

  test('is told that nobody knows where what was at the slot is gone', async () => {
    const { prepare, claim, land, batches } = world();
    await prepare(claim('a'), 0);
    for (const base of [0, 2]) land(batch(base));
    batches.table.delete(at, [0]);
    expect(await prepare(claim('b'), 4)).toMatchObject({
      kind: 'refused',
      problem: { code: 'idempotency_unknown' },
    });
  });

  test('that slept until then leaves it to who took it over meanwhile', async () => {
    const { prepare, claim, land, batches } = world();
    await prepare(claim('a'), 0);
    const b = claim('b');
    await prepare(b, 0);
    const c = claim('c');
    await prepare(c, 0);
    land(batch(0));
    await prepare(c, 2);
    land(withKey(2));
    batches.table.delete(at, [0]);
    expect(await prepare(b, 4)).toMatchObject({
      kind: 'refused',
      problem: { code: 'idempotency_taken_over' },
    });
  });
});
