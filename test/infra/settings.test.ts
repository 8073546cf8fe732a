import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from '../../infra/settings.ts';

const stage = 'staging';

describe('the settings of a stack', () => {
  it('are whole when nothing but the stage is said', () => {
    expect(readSettings({ stage })).toMatchObject({
      stage: 'staging',
      logRetentionDays: 30,
      throttleRate: 100,
      deliverMaxConcurrency: 50,
      alarmFaults: 1,
    });
  });

  it('may be numbers as text, as -c gives them', () => {
    expect(readSettings({ stage, throttleRate: '20', logRetentionDays: '7' })).toMatchObject({
      throttleRate: 20,
      logRetentionDays: 7,
    });
  });

  it.each([
    [{ stage: 'prod' }, 'stage', '"production"|"staging"|"development"'],
    [{}, 'stage', '"production"|"staging"|"development"'],
    [{ stage, logRetentionDays: 10 }, 'logRetentionDays', '1|3|5|7|14|30'],
    [{ stage, throttleRate: 'fast' }, 'throttleRate', 'expected number'],
    [{ stage, throttleRate: 0 }, 'throttleRate', '>=1'],
    [{ stage, throttleBurst: 5001 }, 'throttleBurst', '<=5000'],
    [{ stage, produceMemoryMb: 64 }, 'produceMemoryMb', '>=128'],
    [{ stage, deliverMaxConcurrency: 1 }, 'deliverMaxConcurrency', '>=2'],
    [{ stage, archiveMaxConcurrency: 1 }, 'archiveMaxConcurrency', '>=2'],
    [
      { stage, concurrencyQuota: 10, archiveMaxConcurrency: 11 },
      'archiveMaxConcurrency',
      'more than concurrencyQuota',
    ],
    [{ stage, segmentMaxBytes: 1000 }, 'segmentMaxBytes', '>=1048576'],
    [{ stage, segmentMaxAgeSeconds: 59 }, 'segmentMaxAgeSeconds', '>=60'],
    [{ stage, alarmArchiveLagMinutes: 10 }, 'alarmArchiveLagMinutes', '>=15'],
    [{ stage, glue: 'yes' }, 'glue', 'expected boolean'],
    [{ stage, protect: 'yes' }, 'protect', 'expected boolean'],
    [{ stage, concurrencyQuota: 9 }, 'concurrencyQuota', '>=10'],
    [{ stage, produceReservedConcurrency: 0 }, 'produceReservedConcurrency', '>=1'],
    [
      { stage, produceReservedConcurrency: 900, onAppendReservedConcurrency: 1 },
      'concurrencyQuota',
      'must leave 100 of it',
    ],
    [
      { stage, concurrencyQuota: 10, produceReservedConcurrency: 1 },
      'concurrencyQuota',
      'must leave 100 of it',
    ],
    [
      { stage, concurrencyQuota: 10, deliverMaxConcurrency: 11 },
      'deliverMaxConcurrency',
      'more than concurrencyQuota',
    ],
    [{ stage, account: '1234' }, 'account', '12 digits'],
    [{ stage, region: 'Frankfurt' }, 'region', 'as eu-west-1'],
    [{ stage, domainName: 'https://broker.example.com' }, 'domainName', 'as broker.example.com'],
    [{ stage, domainName: 'broker.example.com' }, 'domainName', 'certificateArn are set together'],
    [{ stage, alarmEmail: 'ops' }, 'alarmEmail', 'an email address'],
    [{ stage, alarmTopicArn: 'arn:aws:sqs:x:y:z' }, 'alarmTopicArn', 'the ARN of an SNS topic'],
  ])('are refused as %j, with the name of the wrong one and what is allowed', (context, name, allowed) => {
    const read = (): unknown => readSettings(context);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(new RegExp(`^ {2}${name}: .*${allowed.replaceAll(/[|()]/g, '\\$&')}`, 'm'));
  });

  it.each([
    [1000, 50],
    [10_000, 50],
    [400, 20],
    [10, 2],
  ])(
    'let deliver have a part of a quota of %d that leaves room for appends: %d',
    (concurrencyQuota, deliver) => {
      expect(readSettings({ stage, concurrencyQuota }).deliverMaxConcurrency).toBe(deliver);
      expect(readSettings({ stage, concurrencyQuota, deliverMaxConcurrency: 7 }).deliverMaxConcurrency).toBe(
        7,
      );
    },
  );

  it.each([
    [1000, 10],
    [10_000, 10],
    [300, 6],
    [10, 2],
  ])('let archive have a part of a quota of %d: %d', (concurrencyQuota, archive) => {
    expect(readSettings({ stage, concurrencyQuota }).archiveMaxConcurrency).toBe(archive);
    expect(readSettings({ stage, concurrencyQuota, archiveMaxConcurrency: 7 }).archiveMaxConcurrency).toBe(7);
  });

  it('take what may be reserved of the quota', () => {
    const reserved = { produceReservedConcurrency: 850, onAppendReservedConcurrency: 50 };
    expect(readSettings({ stage, ...reserved })).toMatchObject(reserved);
  });

  it('are refused with a name that nobody knows, and the real names', () => {
    expect(() => readSettings({ stage, throtleRate: 5 })).toThrow(
      /throtleRate: no such setting\. Known: stage, .*throttleRate/,
    );
  });

  it('leave the feature flags and look-ups of CDK alone', () => {
    const flags = { '@aws-cdk/core:validateAgainstDefaultRules': true, 'aws:cdk:version': '2' };
    expect(readSettings({ stage, ...flags })).toEqual(readSettings({ stage }));
  });
});
