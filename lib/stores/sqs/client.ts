import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

/** For the wake queue: a wake may be sent twice, so the SDK may repeat. */
export const createQueueClient = (
  options: Pick<SQSClientConfig, 'endpoint' | 'region' | 'credentials'> = {},
): SQSClient =>
  new SQSClient({
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
    ...options,
  });
