import type { Line } from '../../unit/functions/emitted.ts';
import type { Resource } from '../template.ts';

export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** What one period has of the metric; empty where nothing was measured. */
export type Values = readonly number[];

/** A metric as CloudWatch takes it from a line of the log in the embedded format. */
export interface Emitted {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Values;
}

/** Every metric of the lines, once for each of its sets of dimensions. None where it has no set. */
export const emittedIn = (lines: readonly Line[]): Emitted[] =>
  lines.flatMap((line) =>
    (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(({ Name, Unit }) => ({
          namespace: Namespace,
          name: Name,
          unit: Unit,
          dimensions: Object.fromEntries(names.map((name) => [name, String(line[name])])),
          values: [line[Name]].flat().map(Number),
        })),
      ),
    ),
  );

/** What of `emitted` the alarm looks at. */
export const watchedBy = ({ Properties }: Resource, emitted: readonly Emitted[]): Emitted[] => {
  const wanted = ((Properties['Dimensions'] ?? []) as { Name: string; Value: string }[]).map(
    ({ Name, Value }) => `${Name}=${Value}`,
  );
  return emitted.filter(
    ({ namespace, name, dimensions }) =>
      namespace === Properties['Namespace'] &&
      name === Properties['MetricName'] &&
      Object.entries(dimensions)
        .map(([key, value]) => `${key}=${value}`)
        .toSorted()
        .join() === wanted.toSorted().join(),
  );
};

const statistics: Readonly<Record<string, (values: Values) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Maximum: (values) => Math.max(...values),
};

/**
 * The alarm's state after `periods`, the last one last, as far as its own number of them goes:
 * docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
 */
export const stateOf = ({ Properties }: Pick<Resource, 'Properties'>, periods: readonly Values[]): State => {
  const statistic = statistics[String(Properties['Statistic'])];
  if (statistic === undefined) throw new Error(`${Properties['Statistic']} is not known here.`);
  const threshold = Number(Properties['Threshold']);
  const isBelow = Properties['ComparisonOperator'] === 'LessThanThreshold';
  const evaluated = periods.slice(-Number(Properties['EvaluationPeriods']));
  const missing = Properties['TreatMissingData'];
  if (evaluated.every((values) => values.length === 0)) {
    if (missing === 'missing' || periods.length === 0) return 'INSUFFICIENT_DATA';
    if (missing === 'ignore') return stateOf({ Properties }, periods.slice(0, -1));
  }
  const breaching = evaluated.filter((values) => {
    if (values.length === 0) return missing === 'breaching';
    return isBelow ? statistic(values) < threshold : statistic(values) >= threshold;
  });
  return breaching.length >= Number(Properties['DatapointsToAlarm']) ? 'ALARM' : 'OK';
};
