import { readFileSync } from 'node:fs';
import { createApp } from '../../infra/broker-app.ts';
import { readSettings } from '../../infra/settings.ts';
import type { Flood } from './flood.ts';
import type { GroupPolls } from './group-poll.ts';
import type { IdleStack } from './idle.ts';
import type { LongPolls } from './long-poll.ts';

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

/** The lines of a dashboard's graphs; its text is in parts, between references to other resources. */
const metricsOf = ({ Properties }: Resource): number => {
  const [, parts] = (Properties['DashboardBody'] as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  const text = parts.map((part) =>
    typeof part === 'string' ? part : Object.values(part as object).join('.'),
  );
  const { widgets } = JSON.parse(text.join('')) as { widgets: { properties: { metrics?: unknown[][] } }[] };
  return widgets.flatMap(({ properties }) => properties.metrics ?? []).length;
};

/** What the template of a stack with `cdk.json`'s settings, or these instead, has on which its prices depend. */
export const stackOf = (
  settings: Record<string, unknown> = {},
): Omit<IdleStack, 'sweepReadUnits'> &
  Pick<LongPolls, 'consumeMemoryMb'> &
  Pick<GroupPolls, 'pullMemoryMb'> &
  Flood => {
  const all = { ...context, ...settings };
  const { app, stack } = createApp({ context: { ...all, 'aws:cdk:bundling-stacks': [] } });
  const { template } = app.synth().getStackByName(stack.stackName) as {
    template: { Resources: Record<string, Resource> };
  };
  const of = (type: string): Resource[] =>
    Object.values(template.Resources).filter(({ Type }) => Type === type);
  const dashboards = of('AWS::CloudWatch::Dashboard');
  const { sweepMinutes, sweepMemoryMb, consumeMemoryMb, pullMemoryMb, produceMemoryMb, throttleRate } =
    readSettings(all);
  return {
    alarms: of('AWS::CloudWatch::Alarm').length,
    dashboards: dashboards.length,
    dashboardMetrics: dashboards.reduce((sum, dashboard) => sum + metricsOf(dashboard), 0),
    polledQueues: of('AWS::Lambda::EventSourceMapping').filter(
      ({ Properties }) => Properties['ScalingConfig'] !== undefined,
    ).length,
    sweepMinutes,
    sweepMemoryMb,
    consumeMemoryMb,
    pullMemoryMb,
    produceMemoryMb,
    throttleRate,
  };
};
