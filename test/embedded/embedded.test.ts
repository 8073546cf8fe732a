import { networkInterfaces } from 'node:os';
import { AbstractValueIterator } from 'abstract-level';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { startDynamodb } from './dynamodb.ts';
import { startSqsAndS3 } from './sqs-s3.ts';
import { embeddedTables } from './tables.ts';

test('the embedded services listen on loopback alone', async () => {
  const sqs = await startSqsAndS3();
  const dynamodb = await startDynamodb();
  onTestFinished(async () => {
    await sqs.stop();
    await dynamodb.stop();
  });
  const addresses = Object.values(networkInterfaces()).flat();
  const outside = addresses.find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  // A second loopback address is refused by whoever listens on the first alone.
  for (const host of ['127.0.0.2', ...(outside === undefined ? [] : [outside])]) {
    for (const { endpoint } of [sqs, dynamodb]) {
      await expect(fetch(`http://${host}:${new URL(endpoint).port}/`)).rejects.toThrow();
    }
  }
});

test('a query of the embedded DynamoDB leaves no iterator open', async () => {
  const opened = vi.spyOn(AbstractValueIterator.prototype, 'next');
  const closed = vi.spyOn(AbstractValueIterator.prototype, 'close');
  onTestFinished(() => {
    opened.mockRestore();
    closed.mockRestore();
  });
  const tables = await embeddedTables();
  onTestFinished(() => tables[Symbol.asyncDispose]());
  const batches = dynamoBatchStore(tables.log);
  for (let count = 0; count < 5; count += 1) await batches.last({ topicId: 't', partition: 0 });
  const iterators = new Set<unknown>(opened.mock.contexts);
  expect(iterators.size).toBeGreaterThanOrEqual(5);
  await expect.poll(() => new Set<unknown>(closed.mock.contexts)).toEqual(iterators);
});
