import { readFileSync } from 'node:fs';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createTelemetry } from '../../functions/telemetry.ts';
import { readSettings } from '../../infra/settings.ts';
import type { TelemetryEvent } from '../../lib/stores/telemetry.ts';
import { type Resource, resourcesOf, short, synthesise } from './template.ts';

const handbook = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** What the functions can count: the names of the metrics of an event of every kind. */
const countedNames = (): ReadonlySet<string> => {
  const at = { topic: 't', group: 'g', partition: 0, topicId: 'T', endpointId: 'e', records: 1, ms: 1 };
  const attempt = { kind: 'attempt', ...at, messageId: 'm', sinceAppendMs: 1 } as const;
  const events: TelemetryEvent[] = [
    { kind: 'appended', ...at, bytes: 1, appends: 1, conflicts: 0, throttles: 0 },
    ...(['overloaded', 'unknown', 'unavailable'] as const).map((reason) => ({
      kind: 'append-refused' as const,
      ...at,
      reason,
    })),
    ...(['acknowledged', 'outage', 'refusal'] as const).map((outcome) => ({ ...attempt, outcome })),
    { kind: 'endpoint-disabled', ...at, reason: 'gone' },
    { kind: 'undecodable-batch', ...at, base: 0, end: 1, reason: 'why' },
    { kind: 'lag', ...at, oldestMs: 1 },
    { kind: 'swept', wakes: 1, removals: 1, paused: 1, failures: 0, ms: 1 },
    { kind: 'fault', where: 'here', error: new Error('fault') },
  ];
  const metrics = new Metrics({ namespace: 'test' });
  const names = new Set<string>();
  const note = vi.spyOn(Metrics.prototype, 'addMetric').mockImplementation(function (this: Metrics, name) {
    names.add(name);
    return this;
  });
  const telemetry = createTelemetry(new Logger({ logLevel: 'SILENT' }), metrics);
  for (const event of events) telemetry.record(event);
  note.mockRestore();
  return names;
};

const alarmsOf = (template: Template): Resource[] => [
  ...resourcesOf(template, 'AWS::CloudWatch::Alarm').values(),
];

const shortName = (alarm: Resource): string =>
  String(alarm.Properties['AlarmName']).replace('millrace-production-', '');

const functions = ['admin', 'consume', 'deliver', 'on-append', 'produce', 'sweep'];

describe('the alarms', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesise();
  });

  it('watch lag, queues, stream, sweep, requests, functions, tables and endpoints', () => {
    expect(alarmsOf(template).map(shortName).toSorted()).toEqual([
      'EndpointDisabled',
      ...functions.map((name) => `Errors-${name}`),
      'LagAge',
      'ServerErrors',
      'StreamFailures',
      'StreamIteratorAge',
      'SweepSilent',
      ...functions.map((name) => `Throttles-${name}`),
      'UndecodableBatch-consume',
      'UndecodableBatch-deliver',
      'WakeDeadLetters',
      'WakeQueueAge',
      'log-ReadThrottleEvents',
      'log-WriteThrottleEvents',
      'state-ReadThrottleEvents',
      'state-WriteThrottleEvents',
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

  it('are quiet where nothing is measured, but for a sweep that does not run', () => {
    const loud = alarmsOf(template).filter(
      ({ Properties }) => Properties['TreatMissingData'] === 'breaching',
    );
    expect(loud.map(shortName)).toEqual(['SweepSilent']);
  });

  it('tell whom the settings name, also when it is over', () => {
    const given = 'arn:aws:sns:eu-west-1:000000000000:pager';
    const settings = { alarmTopicArn: given, alarmEmail: 'ops@example.com' };
    const told = synthesise(settings);
    for (const { Properties } of alarmsOf(told))
      for (const actions of [Properties['AlarmActions'], Properties['OKActions']])
        expect((actions as unknown[]).map(short)).toEqual([given, 'AlarmsMail']);
    told.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
    for (const { Properties } of alarmsOf(template)) expect(Properties['AlarmActions']).toBeUndefined();
  });

  it('count lag from the minutes of the setting', () => {
    const [lag] = alarmsOf(synthesise({ alarmLagMinutes: 2 })).filter(
      (alarm) => shortName(alarm) === 'LagAge',
    );
    expect(lag?.Properties['Threshold']).toBe(120_000);
  });

  it('and the dashboard look only at metrics that the functions count', () => {
    const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard').values();
    const body = short(dashboard?.Properties['DashboardBody']);
    const own = [
      ...body.matchAll(/\["millrace-production","(\w+)","service"/g),
      ...body.matchAll(/MetricName=\\"(\w+)\\"/g),
      ...JSON.stringify(alarmsOf(template)).matchAll(
        /"MetricName":"(\w+)","Namespace":"millrace-production"/g,
      ),
    ].map(([, name]) => name);
    expect(own.length).toBeGreaterThan(20);
    const names = countedNames();
    for (const name of own) expect(names).toContain(name);
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
