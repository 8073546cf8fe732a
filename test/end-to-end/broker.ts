import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/stores/telemetry.ts';

export interface Broker {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
}

/**
 * The broker at MILLRACE_E2E_URL, with an admin key in MILLRACE_E2E_KEY; without them a local one of its own, on the
 * DynamoDB Local at TEST_DYNAMODB_ENDPOINT where there is one.
 */
export const broker = async (): Promise<Broker> => {
  const { MILLRACE_E2E_URL: url, MILLRACE_E2E_KEY: key } = process.env;
  if (url !== undefined && key !== undefined) return { url, key, stop: async () => undefined };
  if (url !== undefined || key !== undefined)
    throw new Error('MILLRACE_E2E_URL and MILLRACE_E2E_KEY go together: set both, or neither.');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
  const { TEST_DYNAMODB_ENDPOINT: dynamodbEndpoint } = process.env;
  const runtime = await startRuntime({
    folder,
    port: 0,
    telemetry: noTelemetry,
    ...(dynamodbEndpoint !== undefined && { dynamodbEndpoint }),
  });
  return {
    url: runtime.url,
    key: runtime.adminKey,
    stop: async () => {
      await runtime.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
