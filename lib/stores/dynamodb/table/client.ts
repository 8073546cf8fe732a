import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { NotSentError, OutcomeUnknownError } from '../../../domain/errors.ts';
import { elapsedMs } from '../../../domain/instants.ts';
import { type Clock, instantOf } from '../../../surroundings/clock.ts';
import { beforeEachAttempt, Connections } from '../../aws/connections.ts';
import { isThrottle } from '../../aws/errors.ts';
import { systemClock } from '../../system/clock.ts';

/** One request that left, and what it cost. */
export interface RequestUsage {
  /** As `PutItem`. */
  readonly operation: string;
  readonly table: string;
  readonly access: 'read' | 'write';
  /** Capacity units; undefined when the store did not say, as with a failed condition. */
  readonly units: number | undefined;
}

export interface ClientOptions
  extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials' | 'profile'> {
  /** Told of every single request, retries included. The store is then asked to count capacity units. */
  readonly onRequest?: (usage: RequestUsage) => void;
  /** The one that the SDK signs by, unless a test has another. */
  readonly clock?: Pick<Clock, 'now' | 'monotonic'>;
  /** Told of each attempt that was refused for want of capacity, wholly or in part, whether it is repeated or not. */
  readonly onThrottle?: () => void;
}

/** A request without an answer ends after 3 s. */
const timeouts = { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true };

/**
 * For the log table. It sends each request once: the appender decides on every attempt by itself, because a put must
 * not leave on a tail that has become old. And it dates signatures by this machine's clock, right or wrong. The SDK
 * would correct them by the `Date` of every answer, of an error too (`systemClockOffset` in
 * `@aws-sdk/core/httpAuthSchemes`): a process whose clock stood still for hours would then put on a tail of hours ago
 * with a signature of now, and DynamoDB's refusal of old signatures, on which the log relies (lib/log/tail.ts), would
 * bound nothing. The option came with github.com/aws/aws-sdk-js-v3/pull/8189.
 */
export const createLogClient = (options: ClientOptions = {}): DynamoDBClient =>
  createClient(options, 256, { maxAttempts: 1, disableClockSkewCorrection: true });

/**
 * For the state table, whose writes are all bound to an epoch, an id, a version or a direction: the SDK may repeat them.
 *
 * What such a write is bound to is forgotten some day, so no copy of it may be under way for ever. A copy lands only if
 * DynamoDB accepts its signature, 15 minutes after its date at most, and here nothing is signed and sent later than a
 * minute after its command began: a process that was frozen between two attempts does not go on. The date is this
 * machine's, right or wrong, as for the log; a machine more than 15 minutes ahead is refused from the first attempt on.
 * So the last copy lands within 1 + 15 + 15 minutes of the call that wrote it. `limits.lateWriteMs` allows for that and
 * for as much again in the clocks of whoever deletes and of whoever clears away.
 */
export const createStateClient = (options: ClientOptions = {}): DynamoDBClient => {
  const client = createClient(options, 128, { maxAttempts: 4, disableClockSkewCorrection: true });
  refuseLateAttempts(client, options.clock ?? systemClock);
  return client;
};

const attemptsEndAfterMs = 60_000;

const refuseLateAttempts = (client: DynamoDBClient, clock: Pick<Clock, 'now' | 'monotonic'>): void => {
  client.middlewareStack.add(
    // Called once for each command, and what it gives once for each attempt, after the signer.
    (next) => {
      const begun = instantOf(clock);
      let sent = false;
      return (args) => {
        if (elapsedMs(begun, instantOf(clock)) > attemptsEndAfterMs) {
          const message = 'It is too late to send this request.';
          throw sent ? new OutcomeUnknownError(message) : new NotSentError(message);
        }
        sent = true;
        return next(args);
      };
    },
    // Before the meter, which counts what leaves.
    { step: 'finalizeRequest', priority: 'normal', name: 'refuseLateAttempts' },
  );
};

const createClient = (
  { onRequest, onThrottle, clock = systemClock, ...options }: ClientOptions,
  maxSockets: number,
  settings: DynamoDBClientConfig,
): DynamoDBClient => {
  const connections = new Connections(maxSockets, clock);
  const client = new DynamoDBClient({
    requestHandler: { ...timeouts, httpAgent: connections.httpAgent, httpsAgent: connections.httpsAgent },
    ...settings,
    ...options,
  });
  client.middlewareStack.add(connections.closingIdle, beforeEachAttempt);
  if (onRequest) meter(client, onRequest);
  if (onThrottle) watchThrottles(client, onThrottle);
  return client;
};

/** Within the SDK's retries, so that each attempt passes here. */
const watchThrottles = (client: DynamoDBClient, onThrottle: () => void): void => {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const result = await next(args);
        if (leftForWantOfCapacity(result.output)) onThrottle();
        return result;
      } catch (error) {
        if (isThrottle(error)) onThrottle();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'watchThrottles' },
  );
};

/**
 * Whether an answer that is no error names what was refused of a batch. One that gets items also leaves what is more than an
 * answer holds: 1 MB of a partition, so that two items of 400 KB are never too many
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html). More are no sign of either.
 */
const leftForWantOfCapacity = (output: ServiceOutputTypes): boolean => {
  if ('UnprocessedItems' in output && isNotEmpty(output.UnprocessedItems)) return true;
  if (!('UnprocessedKeys' in output) || !isNotEmpty(output.UnprocessedKeys)) return false;
  const found = 'Responses' in output ? Object.values(output.Responses ?? {}).flat() : [];
  return found.length <= 2;
};

const isNotEmpty = (left: object | undefined): boolean => Object.keys(left ?? {}).length > 0;

const reads = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem', 'DescribeTable']);

const meter = (client: DynamoDBClient, onRequest: (usage: RequestUsage) => void): void => {
  client.middlewareStack.add(
    (next) => (args) =>
      next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as ServiceInputTypes }),
    { step: 'initialize', name: 'askForCapacity' },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace(/Command$/, '');
      const report = (units: number | undefined): void =>
        onRequest({
          operation,
          table: tableOf(args.input),
          access: reads.has(operation) ? 'read' : 'write',
          units,
        });
      try {
        const result = await next(args);
        report(unitsOf(result.output));
        return result;
      } catch (error) {
        if (!(error instanceof NotSentError)) report(undefined);
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'reportUsage' },
  );
};

const tableOf = (input: ServiceInputTypes): string => {
  if ('TableName' in input && typeof input.TableName === 'string') return input.TableName;
  return 'RequestItems' in input ? Object.keys(input.RequestItems ?? {}).join(',') : '';
};

const unitsOf = (output: ServiceOutputTypes): number | undefined => {
  if (!('ConsumedCapacity' in output)) return undefined;
  const consumed = [output.ConsumedCapacity].flat();
  return consumed.reduce((sum, capacity) => sum + capacityUnits(capacity), 0);
};

const capacityUnits = (capacity: object | undefined): number =>
  capacity && 'CapacityUnits' in capacity ? Number(capacity.CapacityUnits) : 0;
