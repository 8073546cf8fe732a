import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { Clock } from '../../surroundings/clock.ts';
import { beforeEachAttempt, Connections } from '../aws/connections.ts';
import { systemClock } from '../system/clock.ts';

export interface QueueClientOptions extends Pick<SQSClientConfig, 'endpoint' | 'region' | 'credentials'> {
  /** How long connections were idle is told by it. */
  readonly clock?: Pick<Clock, 'now' | 'monotonic'>;
}

/** For the wake queue: a wake may be sent twice, so the SDK may repeat. */
export const createQueueClient = ({
  clock = systemClock,
  ...options
}: QueueClientOptions = {}): SQSClient => {
  const connections = new Connections(50, clock);
  const client = new SQSClient({
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: 5000,
      throwOnRequestTimeout: true,
      httpAgent: connections.httpAgent,
      httpsAgent: connections.httpsAgent,
    },
    ...options,
  });
  client.middlewareStack.add(connections.closingIdle, beforeEachAttempt);
  return client;
};
