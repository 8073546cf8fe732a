import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RuntimeOptions, startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/stores/telemetry.ts';
import { openEmbeddedStores } from '../embedded/stores.ts';

export interface Broker {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
}

const started = async (options: Pick<RuntimeOptions, 'openStores'>): Promise<Broker> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
  const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry, ...options });
  return {
    url: runtime.url,
    key: runtime.adminKey,
    stop: async () => {
      await runtime.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The broker at MILLRACE_E2E_URL, with an admin key in MILLRACE_E2E_KEY; without them that of `npm start`. */
export const broker = async (): Promise<Broker> => {
  const { MILLRACE_E2E_URL: url, MILLRACE_E2E_KEY: key } = process.env;
  if (url !== undefined && key !== undefined) return { url, key, stop: async () => undefined };
  if (url !== undefined || key !== undefined)
    throw new Error('MILLRACE_E2E_URL and MILLRACE_E2E_KEY go together: set both, or neither.');
  return started({});
};

/**
 * The local broker on the adapters of AWS: over the DynamoDB Local at TEST_DYNAMODB_ENDPOINT where there is one, else over
 * a DynamoDB that is embedded in this process.
 */
export const brokerOnEmbeddedServices = (): Promise<Broker> => {
  const { TEST_DYNAMODB_ENDPOINT: dynamodbEndpoint } = process.env;
  const endpoint = dynamodbEndpoint === undefined ? {} : { dynamodbEndpoint };
  return started({ openStores: (_folder, clock) => openEmbeddedStores({ clock, ...endpoint }) });
};
