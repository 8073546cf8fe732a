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

/** Where the log is written, line by line, as text, while `use` works with the telemetry of the function `service`. */
export const writtenBy = async (
  service: string,
  use: (telemetry: FunctionTelemetry) => void | Promise<void>,
): Promise<string[]> => {
  const lines: string[] = [];
  // Where Powertools writes while it is developed with.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const spies = (['log', 'info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((text: unknown) => void lines.push(String(text))),
  );
  try {
    const options = { serviceName: service };
    const telemetry = createTelemetry(
      new Logger(options),
      new Metrics({ ...options, namespace: 'millrace-test' }),
    );
    await use(telemetry);
    telemetry.flush();
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return lines;
};

/** The same, each line parsed. */
export const linesBy = async (...use: Parameters<typeof writtenBy>): Promise<Line[]> =>
  (await writtenBy(...use)).map((line) => JSON.parse(line) as Line);

/** Every metric in the lines by name: its value or values, its unit and its dimensions. */
export const metricsIn = (lines: readonly Line[]): Record<string, unknown> =>
  Object.fromEntries(
    lines.flatMap((line) =>
      (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics: metrics, Dimensions }) =>
        metrics.map(({ Name, Unit }) => [Name, [line[Name], Unit, Dimensions.flat().join('+')]]),
      ),
    ),
  );
