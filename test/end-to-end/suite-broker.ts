import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Broker } from './broker.ts';
import { DescribedClient } from './described-client.ts';

export interface SuiteBroker {
  /** May do everything. Not there before the first test begins. */
  readonly admin: DescribedClient;
  /** Has no key. */
  readonly anybody: DescribedClient;
  /** A topic for one test, which is deleted when that has finished. @returns its name. */
  newTopic(partitions?: number): Promise<string>;
}

/** A broker for the tests of the `describe` in which this is called: started before the first, stopped after the last. */
export const suiteBroker = (start: () => Promise<Broker>): SuiteBroker => {
  let millrace: Broker | undefined;
  let client: DescribedClient | undefined;
  let keyless: DescribedClient | undefined;
  beforeAll(async () => {
    millrace = await start();
    client = new DescribedClient(millrace.url, millrace.key);
    keyless = new DescribedClient(millrace.url, undefined);
  }, 120_000);
  afterAll(() => millrace?.stop(), 120_000);
  const admin = (): DescribedClient => {
    if (client === undefined) throw new Error('The broker of this suite has not started.');
    return client;
  };
  return {
    get admin() {
      return admin();
    },
    get anybody() {
      if (keyless === undefined) throw new Error('The broker of this suite has not started.');
      return keyless;
    },
    newTopic: async (partitions = 1) => {
      const topic = `e2e-${randomUUID()}`;
      await admin().ok('PUT', `/v1/topics/${topic}`, { partitions });
      onTestFinished(() =>
        admin()
          .call('DELETE', `/v1/topics/${topic}`)
          .then(() => undefined),
      );
      return topic;
    },
  };
};
