import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';

export type ParameterClientOptions = Pick<SSMClientConfig, 'endpoint' | 'region' | 'credentials' | 'profile'>;

/** For the keyring, which a process reads seldom: the SDK may repeat, and connections are not kept. */
export const createParameterClient = (options: ParameterClientOptions = {}): SSMClient =>
  new SSMClient({
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
    ...options,
  });
