import {
  DynamoDBStreamsClient,
  ExpiredIteratorException,
  type Shard,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { eventually } from '../end-to-end/client.ts';
import { TableStream } from './table-stream.ts';

/** A shard of a stream that is no more than what the test says. */
interface ShardScript {
  readonly id: string;
  readonly parent?: string;
  readonly offsets: number[];
  closed: boolean;
}

const recordsAtOnce = 2;

/** A client that is answered from `shards` and sends nothing; each of `failures` fails one reading of records. */
const scripted = (shards: readonly ShardScript[], failures: Error[] = []): DynamoDBStreamsClient => {
  const client = new DynamoDBStreamsClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'a' },
  });
  const describe = () => ({
    StreamDescription: {
      Shards: shards.map(
        ({ id, parent }): Shard => ({ ShardId: id, ...(parent && { ParentShardId: parent }) }),
      ),
    },
  });
  const iterator = (input: { ShardId: string; SequenceNumber?: string }) => {
    const shard = shards.find(({ id }) => id === input.ShardId);
    const after = shard?.offsets.indexOf(Number(input.SequenceNumber)) ?? -1;
    return { ShardIterator: `${input.ShardId}:${after + 1}` };
  };
  const read = (input: { ShardIterator: string }) => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    const [id, from] = input.ShardIterator.split(':');
    const shard = shards.find((each) => each.id === id);
    const page = shard?.offsets.slice(Number(from), Number(from) + recordsAtOnce) ?? [];
    const next = Number(from) + page.length;
    const over = shard?.closed === true && next === shard.offsets.length;
    return { Records: page.map(record), ...(!over && { NextShardIterator: `${id}:${next}` }) };
  };
  const answers: Record<string, (input: never) => object> = {
    DescribeStreamCommand: describe,
    GetShardIteratorCommand: iterator,
    GetRecordsCommand: read,
  };
  client.middlewareStack.add(
    (_next, context) => async (args) => {
      const answer = answers[String(context.commandName)];
      return { output: { ...answer?.(args.input as never), $metadata: {} }, response: {} } as never;
    },
    { step: 'initialize', priority: 'high' },
  );
  return client;
};

const record = (offset: number): StreamRecord => ({
  eventName: 'INSERT',
  dynamodb: {
    ApproximateCreationDateTime: new Date(1_700_000_000_999),
    Keys: { pk: { S: 't/0' }, sk: { N: String(offset) } },
    SequenceNumber: String(offset),
  },
});

const reading = (client: DynamoDBStreamsClient): DynamoDBRecord[] => {
  const seen: DynamoDBRecord[] = [];
  const stream = new TableStream({
    client,
    streamArn: 'arn',
    push: (each) => seen.push(each),
    clock: systemClock,
    telemetry: noTelemetry,
  });
  stream.start();
  onTestFinished(() => stream.stop());
  return seen;
};

const offsets = (seen: readonly DynamoDBRecord[]) =>
  seen.map(({ dynamodb }) => Number(dynamodb?.Keys?.['sk']?.N));

const all = (seen: readonly DynamoDBRecord[], count: number) =>
  eventually(
    'the records',
    () => offsets(seen),
    ({ length }) => length >= count,
    10_000,
  );

test('records are told in order, those of a shard after its parent’s, whenever they are written', async () => {
  const parent: ShardScript = { id: 'parent', offsets: [1, 2, 3], closed: false };
  const child: ShardScript = { id: 'child', parent: 'parent', offsets: [6, 7], closed: false };
  const seen = reading(scripted([child, parent]));
  expect(await all(seen, 3)).toEqual([1, 2, 3]);
  parent.offsets.push(4, 5);
  parent.closed = true;
  expect(await all(seen, 7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  child.offsets.push(8);
  expect(await all(seen, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a record comes as Lambda hands it to a function', async () => {
  const seen = reading(scripted([{ id: 'only', offsets: [1], closed: false }]));
  await all(seen, 1);
  expect(seen[0]).toMatchObject({
    eventName: 'INSERT',
    eventSourceARN: 'arn',
    dynamodb: {
      ApproximateCreationDateTime: 1_700_000_000,
      Keys: { pk: { S: 't/0' }, sk: { N: '1' } },
      SequenceNumber: '1',
      StreamViewType: 'KEYS_ONLY',
    },
  });
});

test('after an iterator has expired, reading goes on after the last record that was told', async () => {
  const shard: ShardScript = { id: 'only', offsets: [1, 2], closed: false };
  const failures: Error[] = [];
  const seen = reading(scripted([shard], failures));
  await all(seen, 2);
  failures.push(new ExpiredIteratorException({ message: 'expired', $metadata: {} }));
  shard.offsets.push(3, 4, 5);
  expect(await all(seen, 5)).toEqual([1, 2, 3, 4, 5]);
});
