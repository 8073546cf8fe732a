import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { vi } from 'vitest';
import { createTelemetry, type FunctionTelemetry } from '../../../functions/telemetry.ts';

/** A line of a function's log: of a log entry, or of metrics in CloudWatch's embedded format. */
export interface Line extends Record<string, unknown> {
  readonly _aws?: {
    CloudWatchMetrics: {
      Namespace: string;
      Dimensions: string[][];
      Metrics: { Name: string; Unit: string }[];
    }[];
  };
}

const written = async (
  variables: Readonly<Record<string, string>>,
  make: () => FunctionTelemetry,
  use: (telemetry: FunctionTelemetry) => void | Promise<void>,
): Promise<string[]> => {
  const lines: string[] = [];
  // Where Powertools writes while it is developed with.
  const developing = { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' };
  for (const [name, value] of Object.entries({ ...variables, ...developing })) vi.stubEnv(name, value);
  const spies = (['log', 'info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((text: unknown) => void lines.push(String(text))),
  );
  try {
    const telemetry = make();
    await use(telemetry);
    telemetry.flush();
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return lines;
};

/** Where the log is written, line by line, as text, while `use` works with the telemetry of the function `service`. */
export const writtenBy = (
  service: string,
  use: (telemetry: FunctionTelemetry) => void | Promise<void>,
): Promise<string[]> => {
  const options = { serviceName: service };
  const make = () =>
    createTelemetry(new Logger(options), new Metrics({ ...options, namespace: 'millrace-test' }));
  return written({}, make, use);
};

/** The lines of a function whose environment this is, as the function makes its own telemetry. Not what libraries say. */
export const linesIn = async (
  environment: Readonly<Record<string, string>>,
  use: (telemetry: FunctionTelemetry) => void | Promise<void>,
): Promise<Line[]> =>
  (await written(environment, () => createTelemetry(), use))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

/** The same, each line parsed. */
export const linesBy = async (...use: Parameters<typeof writtenBy>): Promise<Line[]> =>
  (await writtenBy(...use)).map((line) => JSON.parse(line) as Line);

/** Every metric in the lines by name, `all` before it where it has no dimension: values, unit and dimensions. */
export const metricsIn = (lines: readonly Line[]): Record<string, unknown> =>
  Object.fromEntries(
    lines.flatMap((line) =>
      (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics: metrics, Dimensions }) => {
        const dimensions = Dimensions.flat().join('+');
        return metrics.map(({ Name, Unit }) => [
          dimensions === '' ? `all ${Name}` : Name,
          [line[Name], Unit, dimensions],
        ]);
      }),
    ),
  );
