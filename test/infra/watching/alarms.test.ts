import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { linesIn } from '../../unit/functions/emitted.ts';
import { environmentsOf, type Resource, synthesise } from '../template.ts';
import { type CauseName, causes } from './causes.ts';
import { alarmsOf } from './references.ts';
import { type Emitted, emittedIn, stateOf, type Values, watchedBy } from './state.ts';

let template: Template;
let environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
beforeAll(() => {
  template = synthesise();
  environments = environmentsOf(template);
});

const alarm = (name: string, of: Template = template): Resource => {
  const found = alarmsOf(of).get(name);
  if (found === undefined) throw new Error(`There is no alarm ${name}.`);
  return found;
};

/** A cause is let happen once; what it sends is the same each time. */
const sent = new Map<CauseName, Emitted[]>();
const emittedBy = async (name: CauseName): Promise<Emitted[]> => {
  const { by, happens } = causes[name];
  const emitted = sent.get(name) ?? emittedIn(await linesIn(environments.get(by) ?? {}, happens));
  sent.set(name, emitted);
  return emitted;
};

/** What the alarm sees of a period in which these happen, each so often. */
const seen = async (of: Resource, happening: Partial<Record<CauseName, number>>): Promise<Values> => {
  const values: number[] = [];
  for (const [name, times] of Object.entries(happening)) {
    const once = watchedBy(of, await emittedBy(name as CauseName)).flatMap((each) => each.values);
    for (let time = 0; time < times; time += 1) values.push(...once);
  }
  return values;
};

interface Story {
  /** Periods, one after the other, with what happens in each and how often. */
  readonly alarming: readonly Partial<Record<CauseName, number>>[];
  /** Near it, and no reason for an alarm. */
  readonly quiet: readonly Partial<Record<CauseName, number>>[];
}

/** The alarms of what the functions count themselves, with what causes each. */
const stories: Readonly<Record<string, Story>> = {
  LagAge: {
    alarming: [{ anAcknowledgement: 1, lagOfAMinute: 1 }, { lagOfAnHour: 1 }],
    quiet: [{ lagOfAMinute: 3, aPausedGroup: 3, anIdleSweep: 1 }],
  },
  AbandonedGroup: {
    alarming: [{ aGroupThatNobodyPolls: 1 }, { aGroupThatNobodyPolls: 2 }],
    quiet: [{}, { aGroupThatNobodyPolls: 2 }, { aGroupThatIsPolled: 2, aPausedGroup: 2, lagOfAnHour: 2 }],
  },
  StuckRecords: {
    alarming: [{ aRecordThatIsStuck: 2 }, { aRecordThatIsStuck: 1 }],
    quiet: [{}, { aRecordThatIsStuck: 2 }, { aGroupThatIsPolled: 2 }],
  },
  EndpointDisabled: { alarming: [{ anEndpointThatIsGone: 1 }], quiet: [{ anOutage: 20, aRefusal: 20 }] },
  UndecodableBatch: { alarming: [{ anUndecodableBatch: 1 }], quiet: [{ anAcknowledgement: 20 }] },
  ArchiveLagAge: {
    alarming: [{ anArchiveInTime: 1, anArchiveThatIsLateByADay: 1 }],
    quiet: [{ anArchiveInTime: 9, anArchiveThatIsLateByAnHour: 9, aPartitionThatCannotBeArchived: 9 }],
  },
  Faults: {
    // A wake that fails every time comes again after 2, 4, 8 … 180 seconds.
    alarming: [{ aWakeThatFails: 7 }, { aWakeThatFailedOften: 2 }, {}, { streamEventsThatFail: 9 }],
    quiet: [{}, { aWakeThatFails: 50 }, { streamEventsThatFail: 50 }, { anOutage: 9 }],
  },
  StoreThrottles: {
    alarming: [{ aTableThatRefuses: 30 }, {}, { aTableThatRefuses: 30 }],
    quiet: [{}, { aTableThatRefuses: 300 }, { aTableThatRefuses: 3 }],
  },
};

/** The alarms of what AWS publishes, with values that it would publish. */
const published: Readonly<Record<string, { readonly alarming: Values[]; readonly quiet: Values[] }>> = {
  WakeDeadLetters: { alarming: [[0, 1]], quiet: [[0, 0]] },
  ArchiveDeadLetters: { alarming: [[0, 1]], quiet: [[0, 0]] },
  StreamFailures: { alarming: [[1]], quiet: [[1], [0]] },
  StreamIteratorAge: { alarming: [[300_000], [310_000]], quiet: [[20], [299_000]] },
  'Errors-sweep': { alarming: [[1], [1, 0]], quiet: [[1], [0]] },
  'Errors-deliver': { alarming: [[1], [0], [], [1], [], []], quiet: [[1, 1, 1], [0], [], [], [], []] },
  // A small stack that is broken: one call in five minutes is all that it gets.
  ServerErrors: { alarming: [[1], [], [0, 1], [1]], quiet: [[50], [], [4], [0]] },
  SweepSilent: { alarming: [[], [], []], quiet: [[], [], [1]] },
};

describe('each alarm', () => {
  it('is caused here', () => {
    expect([...Object.keys(stories), ...Object.keys(published)].toSorted()).toEqual(
      [...alarmsOf(template).keys()].toSorted(),
    );
  });

  it.each(Object.keys(stories))('%s goes off for its reason, and for nothing else', async (name) => {
    const story = stories[name];
    if (story === undefined) throw new Error(name);
    const of = alarm(name);
    const alarming: Values[] = [];
    for (const period of story.alarming) alarming.push(await seen(of, period));
    expect(stateOf(of, alarming)).toBe('ALARM');
    const quiet: Values[] = [];
    for (const period of story.quiet) quiet.push(await seen(of, period));
    expect(stateOf(of, quiet)).toBe('OK');
    // It is over when nothing happens any more: no data keeps no alarm.
    const after = Array.from({ length: Number(of.Properties['EvaluationPeriods']) }, () => []);
    expect(stateOf(of, [...alarming, ...after])).toBe('OK');
  });

  it.each(Object.keys(published))('%s goes off for what AWS would publish', (name) => {
    const values = published[name];
    if (values === undefined) throw new Error(name);
    const of = alarm(name);
    expect(stateOf(of, values.alarming)).toBe(name === 'SweepSilent' ? 'INSUFFICIENT_DATA' : 'ALARM');
    expect(stateOf(of, values.quiet)).toBe('OK');
  });

  it.each(['WakeDeadLetters', 'StreamFailures', 'ArchiveDeadLetters'])(
    '%s lasts while the messages lie there, also when SQS no longer counts them, and ends with a purge',
    (name) => {
      const unseen = Array.from({ length: 300 }, () => []);
      expect(stateOf(alarm(name), [[0], [3], ...unseen])).toBe('ALARM');
      expect(stateOf(alarm(name), [[0], [3], ...unseen, [0]])).toBe('OK');
      expect(stateOf(alarm(name), [[0], ...unseen])).toBe('OK');
    },
  );

  it.each(['Faults', 'ServerErrors'])(
    '%s is of one in most of twenty minutes, or as many as is set',
    (name) => {
      const busy = [[1], [3, 1], [2], [4]];
      expect(stateOf(alarm(name), busy)).toBe('ALARM');
      const of = alarm(name, synthesise({ alarmFaults: '5' }));
      expect(stateOf(of, busy)).toBe('OK');
      expect(stateOf(of, [[5], [4, 1], [], [9]])).toBe('ALARM');
    },
  );

  it('counts what was measured, whatever its unit: none is told to take one unit alone', () => {
    for (const { Properties } of alarmsOf(template).values()) expect(Properties).not.toHaveProperty('Unit');
  });

  it('is of no metric of DynamoDB, whose alarms keep their state while there is no data', () => {
    for (const { Properties } of alarmsOf(template).values())
      expect(Properties['Namespace']).not.toBe('AWS/DynamoDB');
  });
});

describe('a group that lags', () => {
  it('alarms from the minutes of the setting on, and not a paused one', async () => {
    const two = synthesise({ alarmLagMinutes: 2 });
    const of = alarm('LagAge', two);
    expect(of.Properties['Threshold']).toBe(120_000);
    expect(stateOf(of, [await seen(of, { lagOfAMinute: 1 })])).toBe('OK');
    expect(stateOf(alarm('LagAge', synthesise({ alarmLagMinutes: 1 })), [[60_000]])).toBe('ALARM');
    expect(await seen(of, { aPausedGroup: 1 })).toEqual([]);
  });
});

describe('an archive that is late', () => {
  it('alarms from the minutes of the setting on', async () => {
    const of = alarm('ArchiveLagAge', synthesise({ alarmArchiveLagMinutes: 60 }));
    expect(stateOf(of, [await seen(of, { anArchiveThatIsLateByAnHour: 1 })])).toBe('ALARM');
    expect(await seen(of, { anArchiveInTime: 1 })).toEqual([]);
  });
});

describe('alarms of the sweep', () => {
  it.each([1, 5, 20, 60])(
    'have a sweep in each period, and in time, with one every %i minutes',
    (sweepMinutes) => {
      const of = synthesise({ sweepMinutes });
      for (const name of [
        'LagAge',
        'AbandonedGroup',
        'StuckRecords',
        'ArchiveLagAge',
        'Errors-sweep',
        'UndecodableBatch',
      ]) {
        const { Properties } = alarm(name, of);
        const period = Number(Properties['Period']);
        // One that took no time, and the next one, a minute late, the four that it has.
        expect(period).toBeGreaterThanOrEqual((sweepMinutes + 1 + 4) * 60);
        expect(period % 60).toBe(0);
        // What CloudWatch allows: a week where a period is of an hour or more, else a day.
        const longest = period >= 3600 ? 7 * 86_400 : 86_400;
        expect(period * Number(Properties['EvaluationPeriods'])).toBeLessThanOrEqual(longest);
      }
      const silent = alarm('SweepSilent', of).Properties;
      const seconds = Number(silent['Period']) * Number(silent['EvaluationPeriods']);
      expect(seconds).toBeGreaterThanOrEqual(3 * sweepMinutes * 60);
      expect(seconds).toBeLessThanOrEqual(86_400);
    },
  );

  it('are no alarm of a stack that is deployed for the first time, and tell of a sweep that stops', () => {
    const told = synthesise({ alarmEmail: 'ops@example.com' });
    // What others may tell then is that all is well: they turn OK where no data is taken for that.
    for (const of of alarmsOf(told).values()) expect(stateOf(of, [[]])).not.toBe('ALARM');
    const silent = alarm('SweepSilent', told);
    // As every new alarm is: it tells when its state changes, so of nothing before the first sweep came.
    expect(stateOf(silent, [])).toBe('INSUFFICIENT_DATA');
    expect(stateOf(silent, [[], [], [1]])).toBe('OK');
    expect(stateOf(silent, [[1], [1], [], [], []])).toBe('INSUFFICIENT_DATA');
    for (const [name, { Properties }] of alarmsOf(told)) {
      const actions = Properties['InsufficientDataActions'];
      expect(actions, name).toEqual(name === 'SweepSilent' ? Properties['AlarmActions'] : undefined);
    }
  });
});
