import { describe, expect, it } from 'vitest';
import { firstBreach } from '../first-breach.ts';
import { type Faults, noFaults } from './faults.ts';
import { type MutantName, mutants } from './mutants.ts';
import { runDelivery, type WorldOptions } from './world.ts';

const breachOf = (seeds: number, options: WorldOptions): Promise<string | undefined> =>
  firstBreach((seed) => runDelivery(seed, options), { from: 0, to: seeds - 1 });

describe('delivery in a world of crashes, lost and late messages', () => {
  it('delivers every record in order and loses no wake, with no sweep to help', {
    timeout: 120_000,
  }, async () => {
    expect(await breachOf(900, { sweep: false })).toBeUndefined();
  });

  it('does so with sweep sending wakes of its own', { timeout: 120_000 }, async () => {
    expect(await breachOf(200, { sweep: true, copies: true })).toBeUndefined();
  });

  it('does so on a queue that gives one message to two runs', { timeout: 120_000 }, async () => {
    expect(await breachOf(400, { sweep: false, copies: true })).toBeUndefined();
  });

  it('does so on a queue that shows a message again while the run that took it still holds the lease', {
    timeout: 120_000,
  }, async () => {
    const options = { visibilityMs: 10_000, receives: Number.POSITIVE_INFINITY };
    expect(await breachOf(200, { sweep: false, ...options })).toBeUndefined();
  });

  it('does so to endpoints that are paced', { timeout: 120_000 }, async () => {
    const bySlots = { maxConcurrentRequests: 1 };
    const byRate = { requestsPerSecond: 2 };
    const right = { sweep: false, wrongClocks: false };
    expect(await breachOf(100, { ...right, paced: bySlots })).toBeUndefined();
    expect(await breachOf(60, { ...right, paced: byRate })).toBeUndefined();
    const paced = { ...bySlots, ...byRate };
    expect(await breachOf(30, { ...right, paced, operator: true })).toBeUndefined();
    expect(await breachOf(30, { ...right, paced, several: true, poison: true })).toBeUndefined();
    const several = { maxConcurrentRequests: 2, requestsPerSecond: 3 };
    for (const ordering of ['key', 'none'] as const)
      expect(await breachOf(40, { ...right, paced: several, ordering })).toBeUndefined();
    // By clocks that are wrong no pace is kept, but nothing is lost either.
    expect(await breachOf(30, { sweep: true, paced, copies: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so with clocks that are wrong, some by a day', { timeout: 120_000 }, async () => {
    expect(await breachOf(100, { sweep: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so while the group is paused, resumed, and has to go on elsewhere', {
    timeout: 120_000,
  }, async () => {
    expect(await breachOf(600, { sweep: false, operator: true })).toBeUndefined();
    expect(await breachOf(100, { sweep: true, operator: true, copies: true })).toBeUndefined();
    expect(await breachOf(100, { sweep: true, operator: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so where a filter leaves out some of them', { timeout: 120_000 }, async () => {
    const filtered = { filtered: true };
    expect(await breachOf(100, { sweep: false, ...filtered })).toBeUndefined();
    expect(await breachOf(60, { sweep: false, operator: true, ...filtered })).toBeUndefined();
    expect(await breachOf(40, { sweep: false, poison: true, several: true, ...filtered })).toBeUndefined();
    expect(await breachOf(20, { sweep: true, wrongClocks: true, ...filtered })).toBeUndefined();
  });
  it.each(['key', 'none'] as const)(
    'does so in the order %s, with several messages under way',
    {
      timeout: 120_000,
    },
    async (ordering) => {
      expect(await breachOf(250, { sweep: false, ordering })).toBeUndefined();
      expect(await breachOf(80, { sweep: false, ordering, operator: true, copies: true })).toBeUndefined();
      expect(await breachOf(40, { sweep: true, ordering, wrongClocks: true })).toBeUndefined();
    },
  );

  it.each(['partition', 'key', 'none'] as const)(
    'does so where messages are acknowledged by themselves, in the order %s',
    { timeout: 120_000 },
    async (order) => {
      const ordering = order === 'partition' ? {} : { ordering: order };
      const explicit = { sweep: false, explicit: true, ...ordering };
      expect(await breachOf(80, { ...explicit, wrongClocks: false })).toBeUndefined();
      expect(await breachOf(40, { ...explicit, operator: true, copies: true })).toBeUndefined();
      expect(await breachOf(15, { ...explicit, sweep: true, wrongClocks: true })).toBeUndefined();
    },
  );

  const lost = /a wake was lost/;
  const skipped = /\d+ committed in \d+, \d+ acknowledged/;
  const trouble: {
    name: MutantName;
    says: RegExp;
    faults?: Partial<Faults>;
    copies?: true;
    wrongClocks?: true;
    operator?: true;
    poison?: true;
    several?: true;
    filtered?: true;
    ordering?: 'key' | 'none';
    explicit?: true;
  }[] = [
    { name: 'oldTokenAccepted', says: /is kept as done with, and is not/, explicit: true, operator: true },
    { name: 'dueWakeMissing', says: lost, explicit: true },
    { name: 'failuresLeftOut', says: /^seed \d+: message .* holds/, filtered: true },
    { name: 'leftOutNotCommitted', says: lost, filtered: true },
    { name: 'keysIgnored', says: /sent in .* before .* was done with/, ordering: 'key' },
    { name: 'boundless', says: /offsets ahead of its cursor/, ordering: 'key', poison: true },
    { name: 'dueWakeMissing', says: lost, ordering: 'key', poison: true },
    {
      name: 'keptByAnybody',
      says: /sent|went back|may outlast|is kept as done with/,
      ordering: 'key',
      faults: { twice: 0.3, late: 0.1 },
    },
    { name: 'underWayIsDone', says: /is kept as done with/, ordering: 'key' },
    { name: 'sentToTwo', says: /sent to .*, while .* was called/, several: true },
    { name: 'outageAsRefusal', says: /was refused \d times|before it ended at/, poison: true },
    { name: 'deadLetterWithoutKey', says: /is a dead letter twice/, poison: true },
    { name: 'halvingDropsRecords', says: skipped, poison: true },
    { name: 'noLookAfterRelease', says: lost, faults: { slow: 0.7 } },
    { name: 'retryAfterRelease', says: lost },
    { name: 'earlyWakeDropped', says: lost },
    { name: 'staleEpochDropped', says: lost },
    { name: 'copyDropped', says: lost, copies: true },
    { name: 'noEpochFence', says: /sent|may outlast its lease/, faults: { twice: 0.3, late: 0.1 } },
    { name: 'boundariesForgotten', says: /before it ended at/ },
    { name: 'readsLogEventually', says: /a wake was lost|before it ended at|acknowledged/ },
    { name: 'readsCursorEventually', says: lost, copies: true, faults: { slow: 0.9 } },
    { name: 'readsGroupEventually', says: lost },
    { name: 'disablesAnyVersion', says: lost, faults: { late: 0.2, twice: 0.3 } },
    { name: 'readsNothingAgain', says: skipped, faults: { slow: 0.8 } },
    { name: 'believesEveryTime', says: /a wake was lost|wakes never came to an end/, wrongClocks: true },
    { name: 'knowsOneMessage', says: lost, copies: true, faults: { loseResponse: 0.2 } },
    { name: 'acquiresWhateverStands', says: /sent|a wake was lost/ },
    { name: 'refusalBelieved', says: lost, faults: {} },
    { name: 'newReceiverWakesMissing', says: lost, faults: {} },
    { name: 'newReceiverWakesEarly', says: lost, faults: {} },
    { name: 'receiversRemembered', says: lost, faults: {} },
    { name: 'shownAtOnce', says: /a wake was lost|set aside/ },
    { name: 'requestWakesMissing', says: lost, operator: true, faults: {} },
    { name: 'resumedWakesMissing', says: lost, operator: true, faults: {} },
    { name: 'seekWithoutEpoch', says: /fenced nobody/, operator: true, faults: {} },
    { name: 'noEpochFence', says: skipped, operator: true, faults: {} },
  ];
  it.each(trouble)(
    'is found out when it is broken: $name',
    { timeout: 60_000 },
    async ({
      name,
      says,
      faults,
      copies = false,
      wrongClocks = false,
      operator = false,
      poison = false,
      several = false,
      filtered = false,
      explicit = false,
      ordering,
    }) => {
      const options = faults === undefined ? {} : { faults: { ...noFaults, ...faults } };
      expect(
        await breachOf(400, {
          sweep: false,
          copies,
          wrongClocks,
          operator,
          poison,
          several,
          filtered,
          explicit,
          ...(ordering !== undefined && { ordering }),
          mutant: mutants[name],
          ...options,
        }),
      ).toMatch(says);
    },
  );
});
