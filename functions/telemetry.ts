import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry, TelemetryEvent } from '../lib/surroundings/telemetry.ts';

type Event<Kind extends TelemetryEvent['kind']> = Extract<TelemetryEvent, { kind: Kind }>;

const shownCauses = 5;

/**
 * `error` as it may be logged: its text, its place and its causes, without what it brings along. An error of DynamoDB may
 * hold the item that stood in the way, and a SyntaxError quotes what could not be read: records, or secrets.
 */
const loggable = (error: unknown, causes = shownCauses): Error => {
  if (!(error instanceof Error))
    return new Error(`Thrown was no Error, but a value of type ${typeof error}.`);
  const message = error instanceof SyntaxError ? 'A text could not be read.' : error.message;
  const cause = error.cause === undefined || causes === 0 ? undefined : loggable(error.cause, causes - 1);
  const shown = new Error(message, cause && { cause });
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line));
  shown.name = error.name;
  shown.stack = [`${error.name}: ${message}`, ...frames].join('\n');
  return shown;
};

export interface FunctionTelemetry extends Telemetry {
  /** Writes out what was counted. To be called at the end of every invocation. */
  flush(): void;
}

/**
 * Logs (JSON) and metrics (CloudWatch's embedded format) of one function. Counts have the function as their only
 * dimension, since each further combination is a metric that is paid for, $0.30 for a month in which it is sent all the
 * time; what belongs to one topic, group or endpoint is in the logs. Lag is by group: it is what people are alarmed of. So is
 * what a filter left out, of groups that have one: who sees nothing arrive looks there. What one alarm watches for all functions is sent without a dimension too. A count of nothing is not sent. What
 * belongs to one call bears its id as `requestId`, the one that the call's answer has as `x-request-id`.
 */
export const createTelemetry = (
  logger: Logger = new Logger(),
  metrics: Metrics = new Metrics(),
): FunctionTelemetry => {
  const count = (name: string, value: number): void => {
    metrics.addMetric(name, MetricUnit.Count, value);
  };

  /** Counts of the whole stack, as far as they come from this invocation. */
  const overall = new Map<string, number>();
  const countOverall = (name: string): void => {
    overall.set(name, (overall.get(name) ?? 0) + 1);
  };
  const sendOverall = (): void => {
    for (const [name, value] of overall) {
      const single = metrics.singleMetric();
      single.clearDefaultDimensions();
      // The set of no dimensions. Without any set there would be none to count by.
      single.addDimensions({});
      single.addMetric(name, MetricUnit.Count, value);
    }
    overall.clear();
  };

  const appended = (event: Event<'appended'>): void => {
    count('RecordsProduced', event.records);
    metrics.addMetric('BytesProduced', MetricUnit.Bytes, event.bytes);
    count('RecordsPerBatch', event.records);
    count('AppendConflicts', event.conflicts);
    count('AppendThrottles', event.throttles);
    metrics.addMetric('AppendDuration', MetricUnit.Milliseconds, event.ms);
    // Beside the metrics, not a dimension of them: it finds their line in the log.
    if (event.requestId !== undefined) metrics.addMetadata('requestId', event.requestId);
  };

  const refused = ({ kind: _kind, ...event }: Event<'append-refused'>): void => {
    const names = { overloaded: 'Overloaded', unknown: 'Unknown', unavailable: 'Unavailable' } as const;
    count(`AppendsRefused${names[event.reason]}`, 1);
    logger.warn('append refused', { ...event });
  };

  const attempt = ({ kind: _kind, ...event }: Event<'attempt'>): void => {
    const names = { acknowledged: 'Acknowledged', outage: 'Outage', refusal: 'Refusal' } as const;
    count(`Attempts${names[event.outcome]}`, 1);
    metrics.addMetric('AttemptDuration', MetricUnit.Milliseconds, event.ms);
    if (event.outcome === 'acknowledged') count('RecordsDelivered', event.records);
    if (event.sinceAppendMs !== undefined)
      metrics.addMetric('AppendToAcknowledgement', MetricUnit.Milliseconds, event.sinceAppendMs);
    if (event.outcome === 'acknowledged') logger.info('delivered', { ...event });
    else logger.warn('delivery attempt failed', { ...event });
  };

  const unlogged = ({ topic, group, reason, error }: Event<'attempt-unlogged'>): void => {
    count('AttemptsUnlogged', 1);
    if (reason === 'failed')
      logger.warn('an attempt could not be logged', { topic, group, error: loggable(error) });
  };

  /** Counted alone: while an endpoint is busy it comes with each look, and the group's answer says what waits for what. */
  const putOff = ({ for: waitsFor }: Event<'put-off'>): void => {
    const names = { slot: 'PutOffByConcurrency', place: 'PutOffByRate' } as const;
    count(names[waitsFor], 1);
  };

  const saidByToken = ({ outcome, records }: Event<'said-by-token'>): void => {
    const names = { ack: 'TokenAcks', nack: 'TokenNacks', extend: 'TokenExtensions' } as const;
    count(names[outcome], 1);
    if (records > 0) count('RecordsAcknowledgedByToken', records);
  };

  const unacknowledged = ({ kind: _kind, ...event }: Event<'unacknowledged'>): void => {
    count('MessagesUnacknowledged', 1);
    logger.warn('a message that was taken was not acknowledged', { ...event });
  };

  const deadLettered = ({ kind: _kind, ...event }: Event<'dead-lettered'>): void => {
    count('DeadLetters', 1);
    logger.warn('a record that was refused is a dead letter now', { ...event });
  };

  /** What filters left out in this invocation, by topic and group: a line for each message would be paid for as a log. */
  const leftOut = new Map<string, { readonly topic: string; readonly group: string; records: number }>();
  const filtered = ({ topic, group, records }: Event<'filtered'>): void => {
    const key = `${topic}/${group}`;
    leftOut.set(key, { topic, group, records: records + (leftOut.get(key)?.records ?? 0) });
  };
  const sendFiltered = (): void => {
    for (const { topic, group, records } of leftOut.values()) {
      const single = metrics.singleMetric();
      single.addDimensions({ topic, group });
      single.addMetric('FilteredRecords', MetricUnit.Count, records);
    }
    leftOut.clear();
  };

  const expressionFailed = ({ kind: _kind, ...event }: Event<'expression-failed'>): void => {
    count(event.expression === 'filter' ? 'FilterFailures' : 'TransformFailures', event.records);
    logger.warn(`a group's ${event.expression} failed`, { ...event });
  };

  const disabled = ({ kind: _kind, ...event }: Event<'endpoint-disabled'>): void => {
    count('EndpointsDisabled', 1);
    logger.error('endpoint disabled', { ...event });
  };

  const undecodable = ({ kind: _kind, ...event }: Event<'undecodable-batch'>): void => {
    countOverall('UndecodableBatches');
    logger.error('a batch cannot be decoded', { ...event });
  };

  const lag = ({ topic, group, records, oldestMs }: Event<'lag'>): void => {
    const single = metrics.singleMetric();
    single.addDimensions({ topic, group });
    single.addMetric('Lag', MetricUnit.Count, records);
    const age = metrics.singleMetric();
    age.addDimensions({ topic, group });
    age.addMetric('LagAge', MetricUnit.Milliseconds, oldestMs);
    // Without dimensions of its own: what one alarm can watch for every group.
    metrics.addMetric('OldestLagAge', MetricUnit.Milliseconds, oldestMs);
  };

  const paused = ({ kind: _kind, ...event }: Event<'paused'>): void => {
    logger.info('records wait in a group that is paused', { ...event });
  };

  const abandoned = ({ kind: _kind, ...event }: Event<'abandoned'>): void => {
    logger.warn('records wait in a group that nobody polls', { ...event });
  };

  const stuck = ({ kind: _kind, ...event }: Event<'stuck'>): void => {
    logger.warn('dead letters of a group could not be written', { ...event });
  };

  const throttled = (): void => countOverall('StoreThrottles');

  const swept = ({ kind: _kind, ...event }: Event<'swept'>): void => {
    if (event.wakes > 0) count('SweepWakes', event.wakes);
    if (event.paused > 0) count('PausedGroups', event.paused);
    if (event.abandoned > 0) count('AbandonedGroups', event.abandoned);
    if (event.stuckRecords > 0) count('StuckRecords', event.stuckRecords);
    logger.info('swept', { ...event });
  };

  const archived = ({ kind: _kind, ...event }: Event<'archived'>): void => {
    count('RecordsArchived', event.records);
    metrics.addMetric('BytesArchived', MetricUnit.Bytes, event.bytes);
    metrics.addMetric('SegmentDuration', MetricUnit.Milliseconds, event.ms);
    logger.info('archived', { ...event });
  };

  const archiveLate = ({ kind: _kind, ...event }: Event<'archive-late'>): void => {
    metrics.addMetric('ArchiveLagAge', MetricUnit.Milliseconds, event.ms);
    logger.info('the archive is late', { ...event });
  };

  const fault = ({ where, error, requestId }: Event<'fault'>): void => {
    count('Faults', 1);
    countOverall('Faults');
    logger.error(`fault in ${where}`, {
      error: loggable(error),
      ...(requestId !== undefined && { requestId }),
    });
  };

  const recorders: { readonly [Kind in TelemetryEvent['kind']]: (event: Event<Kind>) => void } = {
    appended,
    'append-refused': refused,
    attempt,
    'attempt-unlogged': unlogged,
    // The attempt is logged, and the reason is in its group's answer; this has the endpoint's URL, which may hold a secret.
    'retry-planned': () => undefined,
    'put-off': putOff,
    'said-by-token': saidByToken,
    unacknowledged,
    'dead-lettered': deadLettered,
    filtered,
    'expression-failed': expressionFailed,
    'endpoint-disabled': disabled,
    'undecodable-batch': undecodable,
    lag,
    paused,
    abandoned,
    stuck,
    swept,
    archived,
    'archive-late': archiveLate,
    throttled,
    fault,
  };

  return {
    record(event) {
      try {
        (recorders[event.kind] as (event: TelemetryEvent) => void)(event);
      } catch (error) {
        // Powertools refuses what is no number. What happened has happened: nothing may fail for its telemetry.
        logger.error(`telemetry of ${event.kind} failed`, loggable(error));
      }
    },
    flush() {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
      sendOverall();
      sendFiltered();
    },
  };
};

/** A handler that writes out its telemetry before it returns or throws. */
export const flushing =
  <Parameters extends unknown[], Result>(
    telemetry: Pick<FunctionTelemetry, 'flush'>,
    handler: (...parameters: Parameters) => Promise<Result>,
  ) =>
  async (...parameters: Parameters): Promise<Result> => {
    try {
      return await handler(...parameters);
    } finally {
      telemetry.flush();
    }
  };
