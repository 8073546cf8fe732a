import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cursor, CursorRef } from '../../lib/domain/groups/cursors.ts';
import type { Acquisition, Commit, CursorStore, Release } from '../../lib/stores/cursors.ts';
import { MemoryCursorStore } from '../../lib/stores/memory/cursors.ts';
import { databases, type Running } from './implementations.ts';

/** One call on a store, given the cursor that stands in both. */
type Step = (store: CursorStore, ref: CursorRef, standing: Cursor | undefined) => Promise<unknown>;

const small = fc.integer({ min: 0, max: 4 });
const maybe = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value).map((given) => (given === null ? {} : { [name]: given }));
const together = <T>(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<T> =>
  fc.tuple(...parts).map((all) => Object.assign({}, ...all) as T);

/** One member of a cursor, as it may have been before. */
const otherwise = {
  epoch: ({ epoch }: Cursor) => ({ epoch: epoch - 1 }),
  committed: ({ committed }: Cursor) => ({ committed: committed + 1 }),
  leaseUntil: ({ leaseUntil }: Cursor) => ({ leaseUntil: leaseUntil + 1 }),
  retryAt: ({ retryAt }: Cursor) => ({ retryAt: retryAt + 1 }),
  pendingEnd: ({ pendingEnd = 0 }: Cursor) => ({ pendingEnd: pendingEnd + 1 }),
  version: ({ version = 0 }: Cursor) => ({ version: version + 1 }),
} as const;
const members = Object.keys(otherwise) as (keyof typeof otherwise)[];

/** Acquires what is read now, what was otherwise in one member, or a cursor that is not there. */
const acquire: fc.Arbitrary<Step> = fc
  .tuple(
    together<Omit<Acquisition, 'read'>>(
      fc.record({
        startOffset: small,
        owner: fc.constantFrom('a', 'b'),
        leaseUntil: fc.integer({ min: 1, max: 6 }),
      }),
      maybe('pendingEnd', small),
    ),
    fc.constantFrom('now', 'now', 'now', 'nothing', ...members),
  )
  .map(([acquisition, basis]) => (store, ref, standing) => {
    if (basis === 'nothing' || standing === undefined)
      return store.acquire(ref, { ...acquisition, read: undefined });
    const read = basis === 'now' ? standing : { ...standing, ...otherwise[basis](standing) };
    return store.acquire(ref, { ...acquisition, read });
  });

/** How far behind the cursor's epoch the holder's is. */
const behind = fc.constantFrom(0, 0, 0, 1);
const epochOf = (standing: Cursor | undefined, by: number): number => (standing?.epoch ?? 1) - by;

const commit: fc.Arbitrary<Step> = fc
  .tuple(
    together<Omit<Commit, 'epoch'>>(
      fc.record({ committed: fc.integer({ min: 0, max: 8 }), leaseUntil: small }),
      maybe('pendingEnd', small),
      maybe('lost', small),
      maybe('filtered', small),
      maybe('deadLettered', small),
      maybe('suspectEnd', small),
      maybe('deadRow', small),
    ),
    behind,
  )
  .map(
    ([given, by]) =>
      (store, ref, standing) =>
        store.commit(ref, { ...given, epoch: epochOf(standing, by) }),
  );

const retry = together<NonNullable<Release['retry']>>(
  fc.record({ attempts: small, retryAt: small, pendingEnd: small, lastFailure: fc.constantFrom('503', '') }),
  maybe('outage', fc.record({ failingSince: small, failedAt: small, outageMs: small })),
  maybe('refusals', small),
  maybe('refusedSince', small),
  maybe('suspectEnd', small),
  maybe('stuck', small),
);

const release: fc.Arbitrary<Step> = fc
  .tuple(together<Omit<Release, 'epoch'>>(maybe('retry', retry)), behind)
  .map(
    ([given, by]) =>
      (store, ref, standing) =>
        store.release(ref, { ...given, epoch: epochOf(standing, by) }),
  );

/** Replaces what is read now, what was otherwise in one member, or a cursor that is not there. */
const replace: fc.Arbitrary<Step> = fc
  .tuple(
    together<Cursor>(
      fc.record({ committed: small, epoch: small, leaseUntil: small, attempts: small, retryAt: small }),
      maybe('owner', fc.constantFrom('a', 'b')),
      maybe('pendingEnd', small),
      maybe('lost', small),
      maybe('filtered', small),
      maybe('handedOut', small),
      maybe('ackUntil', small),
      maybe('deadLettered', small),
      maybe('refusals', small),
      maybe('stuck', small),
    ),
    fc.constantFrom('v', 'w'),
    fc.constantFrom('now', 'now', 'now', 'nothing', ...members),
  )
  .map(([given, writeId, basis]) => (store, ref, standing) => {
    const isNone = basis === 'nothing' || standing === undefined;
    const read = isNone
      ? undefined
      : basis === 'now'
        ? standing
        : { ...standing, ...otherwise[basis](standing) };
    return store.replace(ref, read, { ...given, version: (read?.version ?? 0) + 1, writeId });
  });

describe.each(databases)('$name', ({ start }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.stop());

  test('memory and this answer any run of acquires, commits, releases and replacements alike', {
    timeout: 120_000,
  }, async () => {
    const { cursors } = await running.open();
    const twin = new MemoryCursorStore();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(acquire, commit, release, replace), { minLength: 5, maxLength: 15 }),
        async (steps) => {
          const ref = { groupId: `g${runs++}`, partition: 0 };
          for (const step of steps) {
            const standing = await twin.get(ref);
            expect(await step(cursors, ref, standing)).toStrictEqual(await step(twin, ref, standing));
          }
          expect(await cursors.get(ref)).toStrictEqual(await twin.get(ref));
        },
      ),
      { numRuns: 60 },
    );
  });
});
