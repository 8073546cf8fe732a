import { describe, expect, it } from 'vitest';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { type Line, linesBy, metricsIn, writtenBy } from './emitted.ts';

/** What the function writes, line by line, when these are recorded. */
const linesOf = (...events: TelemetryEvent[]): Promise<Line[]> =>
  linesBy('produce', (telemetry) => {
    for (const event of events) telemetry.record(event);
  });

describe('the telemetry of a function', () => {
  it('counts appends: records, bytes, conflicts, throttles and how long they took', async () => {
    const appended = { kind: 'appended', topicId: 'T', partition: 0, appends: 1, throttles: 0 } as const;
    const lines = await linesOf(
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

  it('counts attempts by outcome and logs each with what it can be found by', async () => {
    const lines = await linesOf({
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

  it('gives lag by topic and group, and its age over all groups too', async () => {
    const lag = { kind: 'lag', topic: 'orders', group: 'billing', records: 12, oldestMs: 61_000 } as const;
    const lines = await linesOf(lag, { ...lag, group: 'audit', oldestMs: 5 });
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

  it('counts what is archived, and logs of which partition', async () => {
    const segment = { topic: 'orders', partition: 3, start: 10, end: 20, records: 10 } as const;
    const archived = { kind: 'archived', ...segment, bytes: 1000, objectBytes: 700, ms: 40 } as const;
    const lines = await linesOf(archived, { kind: 'archive-late', topic: 'orders', ms: 900_000 });
    expect(metricsIn(lines)).toEqual({
      RecordsArchived: [10, 'Count', 'service'],
      BytesArchived: [1000, 'Bytes', 'service'],
      SegmentDuration: [40, 'Milliseconds', 'service'],
      ArchiveLagAge: [900_000, 'Milliseconds', 'service'],
    });
    expect(lines.find((line) => line['message'] === 'archived')).toMatchObject(segment);
    expect(lines.find((line) => line['message'] === 'the archive is late')).toMatchObject({
      topic: 'orders',
      ms: 900_000,
    });
  });

  it('never fails what it tells of', async () => {
    const wrong: unknown = { kind: 'lag', topic: 'orders', group: 'billing', records: 1 };
    const lines = await linesOf(wrong as TelemetryEvent);
    expect(lines.find((line) => line['level'] === 'ERROR')).toMatchObject({
      message: 'telemetry of lag failed',
    });
  });

  it('logs a fault with its error, and writes nothing when nothing happened', async () => {
    const lines = await linesOf({ kind: 'fault', where: 'sweep', error: new TypeError('the table is away') });
    expect(lines.find((line) => line['level'] === 'ERROR')).toMatchObject({
      message: 'fault in sweep',
      error: { name: 'TypeError', message: 'the table is away' },
    });
    expect(await linesOf()).toEqual([]);
  });

  it('counts refused appends by why, and sweeps by what they did', async () => {
    const refused = { kind: 'append-refused', topicId: 'T', partition: 0, requestId: 'r1' } as const;
    const found = { wakes: 3, removals: 1, paused: 2, abandoned: 1, stuckRecords: 9 };
    const lines = await linesOf(
      { ...refused, reason: 'overloaded' },
      { ...refused, reason: 'unknown' },
      { ...refused, reason: 'unavailable' },
      { kind: 'swept', ...found, failures: 0, ms: 20 },
    );
    expect(metricsIn(lines)).toEqual({
      AppendsRefusedOverloaded: [1, 'Count', 'service'],
      AppendsRefusedUnknown: [1, 'Count', 'service'],
      AppendsRefusedUnavailable: [1, 'Count', 'service'],
      AbandonedGroups: [1, 'Count', 'service'],
      PausedGroups: [2, 'Count', 'service'],
      StuckRecords: [9, 'Count', 'service'],
      SweepWakes: [3, 'Count', 'service'],
    });
    expect(lines.filter((line) => line['requestId'] === 'r1')).toHaveLength(3);
  });

  it('sends nothing of a sweep that found nothing, and of what all functions count one line without dimensions', async () => {
    const found = { wakes: 0, removals: 0, paused: 0, abandoned: 0, stuckRecords: 0 };
    const lines = await linesOf({ kind: 'swept', ...found, failures: 0, ms: 20 });
    expect(metricsIn(lines)).toEqual({});
    const fault = { kind: 'fault', where: 'sweep', error: new Error('away') } as const;
    const throttled = { kind: 'throttled', table: 'log' } as const;
    expect(metricsIn(await linesOf(fault, throttled, fault, throttled, throttled))).toEqual({
      Faults: [[1, 1], 'Count', 'service'],
      'all Faults': [2, 'Count', ''],
      'all StoreThrottles': [3, 'Count', ''],
    });
  });

  it.each([
    ['paused', 'INFO'],
    ['abandoned', 'WARN'],
    ['stuck', 'WARN'],
  ] as const)(
    'names a group in which records wait, %s, and sends no metric for each group',
    async (kind, level) => {
      const lines = await linesOf({ kind, topic: 'orders', group: 'billing', records: 7 });
      expect(lines).toMatchObject([{ level, topic: 'orders', group: 'billing', records: 7 }]);
      expect(metricsIn(lines)).toEqual({});
    },
  );

  it('counts each outcome of an attempt by itself, and the endpoints that were disabled', async () => {
    const attempt = { topic: 'orders', group: 'billing', partition: 0, endpointId: 'e1', messageId: 'm' };
    const failed = { kind: 'attempt', ...attempt, records: 1, ms: 9, status: 500 } as const;
    const lines = await linesOf(
      { ...failed, outcome: 'outage' },
      { ...failed, outcome: 'refusal' },
      { kind: 'endpoint-disabled', topic: 'orders', group: 'billing', endpointId: 'e1', reason: 'Gone.' },
    );
    expect(metricsIn(lines)).toEqual({
      AttemptsOutage: [1, 'Count', 'service'],
      AttemptsRefusal: [1, 'Count', 'service'],
      AttemptDuration: [[9, 9], 'Milliseconds', 'service'],
      EndpointsDisabled: [1, 'Count', 'service'],
    });
  });

  it('counts what is put off by the setting that it waits for, and logs none of it', async () => {
    const where = { topic: 'orders', group: 'billing', partition: 3, delayMs: 500 };
    const lines = await linesOf(
      { kind: 'put-off', ...where, for: 'slot' },
      { kind: 'put-off', ...where, for: 'place' },
      { kind: 'put-off', ...where, for: 'place' },
    );
    expect(metricsIn(lines)).toEqual({
      PutOffByConcurrency: [1, 'Count', 'service'],
      PutOffByRate: [[1, 1], 'Count', 'service'],
    });
    expect(lines.filter((line) => 'level' in line)).toEqual([]);
  });

  it('counts what filters leave out by topic and group, once for each invocation, and what they fail on', async () => {
    const where = { topic: 'orders', group: 'billing', partition: 3 };
    const failed = { kind: 'expression-failed', ...where, records: 2, code: 'T2010' } as const;
    const lines = await linesOf(
      { kind: 'filtered', ...where, records: 5 },
      { kind: 'filtered', ...where, group: 'audit', records: 1 },
      { kind: 'filtered', ...where, records: 7 },
      { ...failed, expression: 'filter' },
      { ...failed, expression: 'transform', records: 1 },
    );
    expect(lines.filter((line) => 'FilteredRecords' in line)).toMatchObject([
      { FilteredRecords: 12, topic: 'orders', group: 'billing' },
      { FilteredRecords: 1, topic: 'orders', group: 'audit' },
    ]);
    expect(metricsIn(lines)).toMatchObject({
      FilterFailures: [2, 'Count', 'service'],
      TransformFailures: [1, 'Count', 'service'],
    });
    expect(lines.filter((line) => line['level'] === 'WARN')).toMatchObject([
      { ...where, code: 'T2010', records: 2 },
      { ...where, code: 'T2010', records: 1 },
    ]);
  });

  it('counts attempts that were not logged, and tells of those alone whose write failed', async () => {
    const unlogged = { kind: 'attempt-unlogged', topic: 'orders', group: 'billing' } as const;
    const error = new Error('The store is away.');
    const lines = await linesOf(
      { ...unlogged, reason: 'rate' },
      { ...unlogged, reason: 'slow' },
      { ...unlogged, reason: 'failed', error },
    );
    expect(metricsIn(lines)).toEqual({ AttemptsUnlogged: [[1, 1, 1], 'Count', 'service'] });
    const told = lines.filter((line) => line['level'] === 'WARN');
    expect(told).toMatchObject([{ topic: 'orders', group: 'billing', error: { message: error.message } }]);
  });

  it('counts a batch that cannot be decoded, and logs where it is and why', async () => {
    const place = { topic: 'orders', topicId: 'T', partition: 3, base: 40, end: 45, reason: 'Why.' };
    const lines = await linesOf({ kind: 'undecodable-batch', ...place, group: 'billing', requestId: 'r1' });
    expect(metricsIn(lines)).toEqual({ 'all UndecodableBatches': [1, 'Count', ''] });
    expect(lines.find((line) => line['message'] === 'a batch cannot be decoded')).toMatchObject({
      level: 'ERROR',
      ...place,
      group: 'billing',
      requestId: 'r1',
    });
  });

  it('finds the metrics of an append by the id of its call, which is no dimension', async () => {
    const measured = { records: 3, bytes: 100, appends: 1, conflicts: 0, throttles: 0, ms: 7 };
    const [line] = await linesOf({
      kind: 'appended',
      topicId: 'T',
      partition: 0,
      ...measured,
      requestId: 'r1',
    });
    expect(line).toMatchObject({ requestId: 'r1', RecordsProduced: 3 });
    expect(line?._aws?.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions.flat())).toEqual(['service']);
  });

  it('logs nothing that an error brings beside its text, as the item that refused a write', async () => {
    const refusal = Object.assign(new Error('The conditional request failed'), {
      Item: { d: { B: 'record-content' }, secrets: { L: [{ S: 'whsec_hush' }] } },
    });
    const unreadable = (): unknown => JSON.parse('card 4111');
    let quoting: unknown;
    try {
      unreadable();
    } catch (error) {
      quoting = error;
    }
    expect(String(quoting)).toContain('card');
    const lines = await writtenBy('deliver', (telemetry) => {
      telemetry.record({ kind: 'fault', where: 'deliver', error: new Error('failed', { cause: refusal }) });
      telemetry.record({ kind: 'fault', where: 'deliver', error: quoting });
      telemetry.record({ kind: 'fault', where: 'deliver', error: { token: 'mr_hush' } });
    });
    const text = lines.join('\n');
    expect(text).toContain('The conditional request failed');
    expect(text).toContain('SyntaxError');
    expect(text).toContain('telemetry.test.ts');
    expect(text).not.toMatch(/record-content|whsec_|card|4111|mr_hush/);
  });
});
