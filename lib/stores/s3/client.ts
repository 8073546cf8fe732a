import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Clock } from '../../surroundings/clock.ts';
import { beforeEachAttempt, Connections } from '../aws/connections.ts';
import { systemClock } from '../system/clock.ts';

export interface ArchiveClientOptions
  extends Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials' | 'profile' | 'maxAttempts'> {
  /** How long connections were idle is told by it. */
  readonly clock?: Pick<Clock, 'now' | 'monotonic'>;
}

/**
 * For the archive's bucket: an object is put under a name of its own and never changes, so the SDK may repeat. A request
 * has 20 s until its answer begins, which is time to send the largest segment; and a connection on which nothing moves for 10 s is given
 * up.
 */
export const createArchiveClient = ({
  clock = systemClock,
  ...options
}: ArchiveClientOptions = {}): S3Client => {
  const connections = new Connections(50, clock);
  const client = new S3Client({
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: 20_000,
      socketTimeout: 10_000,
      throwOnRequestTimeout: true,
      httpAgent: connections.httpAgent,
      httpsAgent: connections.httpsAgent,
    },
    ...options,
  });
  client.middlewareStack.add(connections.closingIdle, beforeEachAttempt);
  return client;
};
