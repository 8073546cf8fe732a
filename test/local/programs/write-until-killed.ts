/** Writes to both embedded services for ever, and says on standard output what was acknowledged. Takes the folder. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { openDataFolder } from '../../../lib/local/data-folder.ts';
import { startDynamodb } from '../../../lib/local/embedded/dynamodb.ts';
import { ensureQueue, ensureTable } from '../../../lib/local/embedded/resources.ts';
import { startSqsAndS3 } from '../../../lib/local/embedded/sqs-s3.ts';
import { tables } from '../../../lib/stores/dynamodb/tables.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';

const folder = openDataFolder(process.argv[2] ?? '');
const dynamodb = await startDynamodb(folder.dynamodb);
const sqs = await startSqsAndS3(folder.sqsAndS3);
const anyone = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const table = new DynamoDBClient({ ...anyone, endpoint: dynamodb.endpoint });
const queue = new SQSClient({ ...anyone, endpoint: sqs.endpoint });
await ensureTable(table, systemClock, 'millrace-log', tables.log);
const url = await ensureQueue(queue, sqs.endpoint, 'millrace-wakes', 30);

const writing = async (writer: number): Promise<never> => {
  for (let number = 0; ; number += 1) {
    const item = { pk: { S: `writer-${writer}` }, sk: { N: String(number) } };
    await table.send(new PutItemCommand({ TableName: 'millrace-log', Item: item }));
    await queue.send(new SendMessageCommand({ QueueUrl: url, MessageBody: `${writer}/${number}` }));
    process.stdout.write(`${writer}/${number}\n`);
  }
};
await Promise.all([0, 1, 2, 3].map(writing));
