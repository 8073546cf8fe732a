import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../../infra/settings.ts';
import { type Resource, resourcesOf, short, synthesise } from '../template.ts';

const handbook = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

const alarmsOf = (template: Template): Resource[] => [
  ...resourcesOf(template, 'AWS::CloudWatch::Alarm').values(),
];

const shortName = (alarm: Resource): string =>
  String(alarm.Properties['AlarmName']).replace('millrace-production-', '');

describe('the alarms', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesise();
  });

  it('are these, each of which tells what no other one does', () => {
    expect(alarmsOf(template).map(shortName).toSorted()).toEqual([
      'AbandonedGroup',
      'ArchiveDeadLetters',
      'ArchiveLagAge',
      'EndpointDisabled',
      'Errors-deliver',
      'Errors-sweep',
      'Faults',
      'LagAge',
      'ServerErrors',
      'StoreThrottles',
      'StreamFailures',
      'StreamIteratorAge',
      'StuckRecords',
      'SweepSilent',
      'UndecodableBatch',
      'WakeDeadLetters',
    ]);
  });

  it('say what to do, and name a section of the handbook that is there', () => {
    for (const { Properties } of alarmsOf(template)) {
      const description = String(Properties['AlarmDescription']);
      const section = /^.{60,} See docs\/operations\.md, "(.+)"\.$/.exec(description)?.[1];
      expect(section, description).toBeDefined();
      expect(handbook.split('\n')).toContain(`### ${section}`);
    }
  });

  it('look at one metric each, so that each names what is wrong, and costs no more than one', () => {
    for (const { Properties } of alarmsOf(template)) expect(Properties).toHaveProperty('MetricName');
  });

  it('leave no section of the handbook without its alarm', () => {
    const sections = [...handbook.matchAll(/^### (.+)$/gm)].map(([, section]) => section);
    const descriptions = alarmsOf(template).map(({ Properties }) => String(Properties['AlarmDescription']));
    for (const section of sections)
      expect(descriptions.filter((description) => description.includes(`"${section}"`))).not.toEqual([]);
  });

  it('tell whom the settings name, also when it is over, but for an endpoint, which stays disabled', () => {
    const given = 'arn:aws:sns:eu-west-1:000000000000:pager';
    const settings = { alarmTopicArn: given, alarmEmail: 'ops@example.com' };
    const told = synthesise(settings);
    const whom = (actions: unknown): string[] => ((actions ?? []) as unknown[]).map(short);
    for (const alarm of alarmsOf(told)) {
      const { AlarmActions, OKActions } = alarm.Properties;
      const name = shortName(alarm);
      expect(whom(AlarmActions), name).toEqual([given, 'AlarmsMail']);
      expect(whom(OKActions), name).toEqual(name === 'EndpointDisabled' ? [] : [given, 'AlarmsMail']);
    }
    told.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
    for (const { Properties } of alarmsOf(template)) expect(Properties['AlarmActions']).toBeUndefined();
  });
});

describe('the handbook', () => {
  it('names every setting', () => {
    const known = /Known: (.*)/.exec(
      (() => {
        try {
          return String(readSettings({ nonsense: true }));
        } catch (error) {
          return String(error);
        }
      })(),
    )?.[1];
    expect(known).toBeDefined();
    for (const name of known?.split(', ') ?? []) expect(handbook).toContain(`\`${name}\``);
  });
});
