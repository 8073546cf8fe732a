import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicPrefix } from '../../lib/domain/archive/segments.ts';
import { type RuntimeOptions, startRuntime } from '../../lib/local/runtime.ts';
import { openStores } from '../../lib/local/stores.ts';
import type { ObjectStore } from '../../lib/stores/objects.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { openEmbeddedStores } from '../embedded/stores.ts';

export interface Broker {
  readonly url: string;
  readonly key: string;
  /** Names of the archive's objects of a topic, where they can be looked at. */
  readonly objectsOf?: (topic: string) => Promise<readonly string[]>;
  stop(): Promise<void>;
}

type Options = Pick<RuntimeOptions, 'openStores' | 'sweepMs' | 'archive'>;

/** Sweeps and archives as soon as there is something to do, and keeps no batch longer than it must. */
const archiving: Options = { sweepMs: 500, archive: { segmentMaxBytes: 1024 ** 2, trimMinAgeMs: 0 } };

const started = async (options: Options): Promise<Broker> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
  const open = options.openStores ?? openStores;
  let objects: ObjectStore | undefined;
  const runtime = await startRuntime({
    folder,
    port: 0,
    telemetry: noTelemetry,
    ...options,
    openStores: async (of, clock) => {
      const stores = await open(of, clock);
      ({ objects } = stores);
      return stores;
    },
  });
  return {
    url: runtime.url,
    key: runtime.adminKey,
    objectsOf: async (topic) =>
      ((await objects?.list({ prefix: topicPrefix(topic), limit: 100 })) ?? []).map(({ name }) => name),
    stop: async () => {
      await runtime.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The broker at MILLRACE_E2E_URL, with an admin key in MILLRACE_E2E_KEY. */
const given = (): Broker | undefined => {
  const { MILLRACE_E2E_URL: url, MILLRACE_E2E_KEY: key } = process.env;
  if (url !== undefined && key !== undefined) return { url, key, stop: async () => undefined };
  if (url !== undefined || key !== undefined)
    throw new Error('MILLRACE_E2E_URL and MILLRACE_E2E_KEY go together: set both, or neither.');
  return undefined;
};

/** The broker that is given; without one that of `npm start`. */
export const broker = async (): Promise<Broker> => given() ?? started({});

/** The same, which archives as `describeArchive` needs it: one that is given has to be set so. */
export const archivingBroker = async (): Promise<Broker> => given() ?? started(archiving);

/**
 * The local broker on the adapters of AWS: over the DynamoDB Local at TEST_DYNAMODB_ENDPOINT where there is one, else over
 * a DynamoDB that is embedded in this process.
 */
export const brokerOnEmbeddedServices = (): Promise<Broker> => started(onEmbeddedServices());
export const archivingBrokerOnEmbeddedServices = (): Promise<Broker> =>
  started({ ...onEmbeddedServices(), ...archiving });

const onEmbeddedServices = (): Options => {
  const { TEST_DYNAMODB_ENDPOINT: dynamodbEndpoint } = process.env;
  const endpoint = dynamodbEndpoint === undefined ? {} : { dynamodbEndpoint };
  return { openStores: (_folder, clock) => openEmbeddedStores({ clock, ...endpoint }) };
};
