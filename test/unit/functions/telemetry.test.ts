import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTelemetry } from '../../../functions/telemetry.ts';
import type { TelemetryEvent } from '../../../lib/stores/telemetry.ts';

afterEach(() => vi.restoreAllMocks());

interface Line extends Record<string, unknown> {
  readonly _aws?: {
    CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
}

/** What is written, line by line, when these are recorded. */
const linesOf = (...events: TelemetryEvent[]): Line[] => {
  const lines: Line[] = [];
  const write = (text: unknown): void => {
    lines.push(JSON.parse(String(text)) as Line);
  };
  // Where Powertools writes while it is developed with.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  for (const level of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(write);
  const options = { serviceName: 'produce' };
  const telemetry = createTelemetry(
    new Logger(options),
    new Metrics({ ...options, namespace: 'millrace-test' }),
  );
  for (const event of events) telemetry.record(event);
  telemetry.flush();
  vi.unstubAllEnvs();
  return lines;
};

const metricsIn = (lines: Line[]): Record<string, unknown> =>
  Object.fromEntries(
    lines.flatMap((line) =>
      (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics: metrics, Dimensions }) =>
        metrics.map(({ Name, Unit }) => [Name, [line[Name], Unit, Dimensions.flat().join('+')]]),
      ),
    ),
  );

describe('the telemetry of a function', () => {
  it('counts appends: records, bytes, conflicts, throttles and how long they took', () => {
    const appended = { kind: 'appended', topicId: 'T', partition: 0, appends: 1, throttles: 0 } as const;
    const lines = linesOf(
      { ...appended, records: 3, bytes: 100, conflicts: 2, ms: 7 },
      { ...appended, records: 1, bytes: 50, conflicts: 0, ms: 5 },
    );
    expect(metricsIn(lines)).toEqual({
      RecordsProduced: [[3, 1], 'Count', 'service'],
      BytesProduced: [[100, 50], 'Bytes', 'service'],
      RecordsPerBatch: [[3, 1], 'Count', 'service'],
      AppendConflicts: [[2, 0], 'Count', 'service'],
      AppendThrottles: [[0, 0], 'Count', 'service'],
      AppendDuration: [[7, 5], 'Milliseconds', 'service'],
    });
  });

  it('counts attempts by outcome and logs each with what it can be found by', () => {
    const lines = linesOf({
      kind: 'attempt',
      topic: 'orders',
      group: 'billing',
      partition: 3,
      endpointId: 'e1',
      messageId: 'G-3-0-5',
      outcome: 'acknowledged',
      status: 204,
      records: 5,
      ms: 40,
      sinceAppendMs: 90,
      requestId: 'r1',
    });
    expect(metricsIn(lines)).toEqual({
      AttemptsAcknowledged: [1, 'Count', 'service'],
      AttemptDuration: [40, 'Milliseconds', 'service'],
      RecordsDelivered: [5, 'Count', 'service'],
      AppendToAcknowledgement: [90, 'Milliseconds', 'service'],
    });
    expect(lines.find((line) => line['message'] === 'delivered')).toMatchObject({
      level: 'INFO',
      service: 'produce',
      messageId: 'G-3-0-5',
      requestId: 'r1',
    });
  });

  it('gives lag by topic and group, and its age over all groups too', () => {
    const lag = { kind: 'lag', topic: 'orders', group: 'billing', records: 12, oldestMs: 61_000 } as const;
    const lines = linesOf(lag, { ...lag, group: 'audit', oldestMs: 5 });
    expect(lines.filter((line) => 'Lag' in line)).toMatchObject([
      { Lag: 12, topic: 'orders', group: 'billing' },
      { Lag: 12, topic: 'orders', group: 'audit' },
    ]);
    expect(metricsIn(lines)).toEqual({
      Lag: [12, 'Count', 'service+topic+group'],
      LagAge: [5, 'Milliseconds', 'service+topic+group'],
      OldestLagAge: [[61_000, 5], 'Milliseconds', 'service'],
    });
  });

  it('never fails what it tells of', () => {
    const wrong: unknown = { kind: 'lag', topic: 'orders', group: 'billing', records: 1 };
    const lines = linesOf(wrong as TelemetryEvent);
    expect(lines.find((line) => line['level'] === 'ERROR')).toMatchObject({
      message: 'telemetry of lag failed',
    });
  });

  it('logs a fault with its error, and writes nothing when nothing happened', () => {
    const lines = linesOf({ kind: 'fault', where: 'sweep', error: new TypeError('the table is away') });
    expect(lines.find((line) => line['level'] === 'ERROR')).toMatchObject({
      message: 'fault in sweep',
      error: { name: 'TypeError', message: 'the table is away' },
    });
    expect(linesOf()).toEqual([]);
  });
});
