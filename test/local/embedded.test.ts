import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AbstractValueIterator } from 'abstract-level';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openDataFolder } from '../../lib/local/data-folder.ts';
import { startDynamodb } from '../../lib/local/embedded/dynamodb.ts';
import { ensureBucket, ensureQueue } from '../../lib/local/embedded/resources.ts';
import { startSqsAndS3 } from '../../lib/local/embedded/sqs-s3.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { embeddedTables } from '../embedded/tables.ts';
import { temporaryFolder } from './temporary-folder.ts';

const anyone = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const program = new URL('programs/write-until-killed.ts', import.meta.url).pathname;

/** What the child said it had written, up to the moment at which it was killed. */
const acknowledgedUntilKilled = async (child: ChildProcess, atLeast: number): Promise<string[]> => {
  const acknowledged: string[] = [];
  if (child.stdout === null) throw new Error('the child has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === atLeast) child.kill('SIGKILL');
  }
  return acknowledged;
};

const drain = async (client: SQSClient, queueUrl: string): Promise<Set<string>> => {
  const bodies = new Set<string>();
  for (;;) {
    const { Messages } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages === undefined || Messages.length === 0) return bodies;
    for (const { Body, ReceiptHandle } of Messages) {
      bodies.add(Body ?? '');
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
};

test('what the tables and the queue acknowledged is there after kill -9, and the folder is free', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const acknowledged = await acknowledgedUntilKilled(child, 300);
  await exited;
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);

  const held = openDataFolder(folder);
  const dynamodb = await startDynamodb(held.dynamodb);
  const sqs = await startSqsAndS3(held.sqsAndS3);
  const table = new DynamoDBClient({ ...anyone, endpoint: dynamodb.endpoint });
  const queue = new SQSClient({ ...anyone, endpoint: sqs.endpoint, useQueueUrlAsEndpoint: false });
  const missing = [];
  for (const line of acknowledged) {
    const [writer = '', number = ''] = line.split('/');
    const key = { pk: { S: `writer-${writer}` }, sk: { N: number } };
    const { Item } = await table.send(new GetItemCommand({ TableName: 'millrace-log', Key: key }));
    if (Item === undefined) missing.push(line);
  }
  const queued = await drain(queue, await ensureQueue(queue, sqs.endpoint, 'millrace-wakes', 30));
  expect(missing).toEqual([]);
  expect(acknowledged.filter((line) => !queued.has(line))).toEqual([]);
  table.destroy();
  queue.destroy();
  await sqs.stop();
  await dynamodb.stop();
  held.release();
});

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

test('a bucket is made where there is none, and what stands in it outlives the process', async () => {
  const folder = temporaryFolder();
  const object = { Bucket: 'millrace-archive', Key: 'segment' };
  for (const start of [1, 2]) {
    const s3 = await startSqsAndS3(folder);
    const client = new S3Client({ ...anyone, endpoint: s3.endpoint, forcePathStyle: true });
    await ensureBucket(client, 'millrace-archive');
    if (start === 1) await client.send(new PutObjectCommand({ ...object, Body: 'kept' }));
    const { Body } = await client.send(new GetObjectCommand(object));
    expect(await Body?.transformToString()).toBe('kept');
    client.destroy();
    await s3.stop();
  }
});

test('a query of the embedded DynamoDB leaves no iterator of LevelDB open', async () => {
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
