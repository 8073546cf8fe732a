import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { NotSentError } from '../../domain/errors.ts';

/** One request that left, and what it cost. */
export interface RequestUsage {
  /** As `PutItem`. */
  readonly operation: string;
  readonly table: string;
  readonly access: 'read' | 'write';
  /** Capacity units; undefined when the store did not say, as with a failed condition. */
  readonly units: number | undefined;
}

export interface ClientOptions extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> {
  /** Told of every single request, retries included. The store is then asked to count capacity units. */
  readonly onRequest?: (usage: RequestUsage) => void;
}

/** Kept open and used again, at most `maxSockets` of them; a request without an answer ends after 3 s. */
const connections = (maxSockets: number) => ({
  connectionTimeout: 1000,
  requestTimeout: 3000,
  throwOnRequestTimeout: true,
  httpsAgent: { keepAlive: true, maxSockets },
  httpAgent: { keepAlive: true, maxSockets },
});

/**
 * For the log table. It sends each request once: the appender decides on every attempt by itself, because a put must
 * not leave on a tail that has become old. And it dates signatures by this machine's clock, right or wrong. The SDK
 * would correct them by the `Date` of every answer, of an error too (`systemClockOffset` in
 * `@aws-sdk/core/httpAuthSchemes`): a process whose clock stood still for hours would then put on a tail of hours ago
 * with a signature of now, and DynamoDB's refusal of old signatures, on which the log relies (lib/log/tail.ts), would
 * bound nothing. The option came with github.com/aws/aws-sdk-js-v3/pull/8189.
 */
export const createLogClient = (options: ClientOptions = {}): DynamoDBClient =>
  createClient(options, {
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    requestHandler: connections(256),
  });

/** For the state table, whose writes are all bound to an epoch, an id or a direction: the SDK may repeat them. */
export const createStateClient = (options: ClientOptions = {}): DynamoDBClient =>
  createClient(options, {
    maxAttempts: 4,
    requestHandler: connections(128),
  });

const createClient = (
  { onRequest, ...options }: ClientOptions,
  settings: DynamoDBClientConfig,
): DynamoDBClient => {
  const client = new DynamoDBClient({ ...settings, ...options });
  if (onRequest) meter(client, onRequest);
  return client;
};

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
