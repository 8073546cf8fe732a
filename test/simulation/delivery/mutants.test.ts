import { describe, expect, it } from 'vitest';
import { firstBreach } from '../first-breach.ts';
import { type Faults, noFaults } from './faults.ts';
import { type MutantName, mutants } from './mutants.ts';
import { runDelivery, type WorldOptions } from './world.ts';

const breachOf = (seeds: number, options: WorldOptions): Promise<string | undefined> =>
  firstBreach((seed) => runDelivery(seed, options), { from: 0, to: seeds - 1 });

describe('delivery in a world of crashes, lost and late messages', () => {
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
    redrives?: true;
  }[] = [
    { name: 'redriveForgotten', says: /dead letters of .* a wake was lost/, redrives: true },
    { name: 'deadLetterWithoutKey', says: /is a dead letter twice/, redrives: true },
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
      redrives = false,
      poison = redrives,
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
          redrives,
          ...(ordering !== undefined && { ordering }),
          mutant: mutants[name],
          ...options,
        }),
      ).toMatch(says);
    },
  );
});
