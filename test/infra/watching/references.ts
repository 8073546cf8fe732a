import type { Template } from 'aws-cdk-lib/assertions';
import { type Resource, resourcesOf, short } from '../template.ts';

/** A metric that an alarm or a widget looks at. */
export interface Reference {
  /** Which alarm or widget it is. */
  readonly by: string;
  readonly namespace: string;
  readonly name: string;
  /** What the template has for each, as `short` gives it; undefined for whatever there is. */
  readonly dimensions: Readonly<Record<string, string | undefined>>;
}

export const alarmsOf = (template: Template): ReadonlyMap<string, Resource> =>
  new Map(
    [...resourcesOf(template, 'AWS::CloudWatch::Alarm').values()].map((alarm) => [
      String(alarm.Properties['AlarmName']).replace(/^millrace-production-/, ''),
      alarm,
    ]),
  );

export const referenceOf = (name: string, { Properties }: Resource): Reference => ({
  by: `alarm ${name}`,
  namespace: String(Properties['Namespace']),
  name: String(Properties['MetricName']),
  dimensions: Object.fromEntries(
    ((Properties['Dimensions'] ?? []) as { Name: string; Value: unknown }[]).map(({ Name, Value }) => [
      Name,
      short(Value),
    ]),
  ),
});

interface Widget {
  readonly type: string;
  readonly properties: { readonly title?: string; readonly metrics?: readonly unknown[][] };
}

const widgetsOf = (template: Template): Widget[] =>
  [...resourcesOf(template, 'AWS::CloudWatch::Dashboard').values()].flatMap(
    ({ Properties }) => (JSON.parse(short(Properties['DashboardBody'])) as { widgets: Widget[] }).widgets,
  );

/**
 * `SEARCH('{namespace,dimension,…} MetricName="name"', …)`: that metric with those dimensions, whatever their values; and with
 * ` AND (dimension="value" OR …)` after it, with each of those.
 */
const searched = (by: string, expression: string): Reference[] => {
  const [, schema, name, values] =
    /^SEARCH\('\{(.+?)\} MetricName="(\w+)"(?: AND \((.+)\))?', /.exec(expression) ?? [];
  if (schema === undefined || name === undefined) throw new Error(`${by} cannot be read: ${expression}`);
  // The most that CloudWatch takes is 1,024; names of functions are longer than what stands for them here.
  if (expression.length > 800) throw new Error(`${by} is too long: ${expression}`);
  const [namespace = '', ...names] = schema.split(',').map((part) => part.replace(/^"(.*)"$/, '$1'));
  const whatever = Object.fromEntries(names.map((each) => [each, undefined]));
  const wanted = values?.split(' OR ').map((term) => {
    const [, dimension = '', value = ''] = /^(\w+)="(.+)"$/.exec(term) ?? [];
    return { ...whatever, [dimension]: value };
  });
  return (wanted ?? [whatever]).map((dimensions) => ({ by, namespace, name, dimensions }));
};

const ofWidget = (by: string, metric: readonly unknown[]): Reference[] => {
  const [first] = metric;
  if (typeof first === 'object' && first !== null && 'expression' in first)
    return searched(by, String(first.expression));
  const texts = metric.filter((each): each is string => typeof each === 'string');
  const [namespace = '', name = '', ...pairs] = texts;
  const dimensions: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2)
    dimensions[pairs[index] ?? ''] = pairs[index + 1] ?? '';
  return [{ by, namespace, name, dimensions }];
};

/** Every metric that an alarm or a widget of the dashboard looks at. */
export const referencesOf = (template: Template): Reference[] => [
  ...[...alarmsOf(template)].map(([name, alarm]) => referenceOf(name, alarm)),
  ...widgetsOf(template).flatMap(({ properties: { title = '', metrics = [] } }) =>
    metrics.flatMap((metric) => ofWidget(`widget ${title}`, metric)),
  ),
];
