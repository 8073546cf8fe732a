import { type DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { tables } from '../../lib/stores/dynamodb/table/tables.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { ensureTable } from './resources.ts';

/** A server of one table, none of whose answers is heard in time unless its request was sent once before. */
const slowServer = () => {
  const heard = new Set<string>();
  let exists = false;
  const answer = (name: string): unknown => {
    if (name === 'DescribeTableCommand') return { Table: exists ? { TableStatus: 'ACTIVE' } : undefined };
    if (exists) throw new ResourceInUseException({ message: 'It is there.', $metadata: {} });
    exists = true;
    return {};
  };
  const send = async (command: object): Promise<unknown> => {
    const { name } = command.constructor;
    const late = !heard.has(name);
    heard.add(name);
    if (!late) return answer(name);
    if (name === 'CreateTableCommand') answer(name);
    throw Object.assign(new Error('no connection within 1000 ms'), { name: 'TimeoutError' });
  };
  return { client: { send } as unknown as DynamoDBClient, heard, exists: () => exists };
};

test('a table is made though the busy process that starts hears no first answer in time', async () => {
  const server = slowServer();
  await ensureTable(server.client, systemClock, 'millrace-log', tables.log);
  expect(server.exists()).toBe(true);
  expect([...server.heard]).toEqual(['DescribeTableCommand', 'CreateTableCommand']);
});
