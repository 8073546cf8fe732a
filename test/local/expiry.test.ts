import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { deleteExpired } from '../../lib/local/embedded/expiry.ts';
import { dynamoKeyStore } from '../../lib/stores/dynamodb/api-keys.ts';
import { itemsUnder } from '../../lib/stores/dynamodb/table.ts';
import { tables as definitions } from '../../lib/stores/dynamodb/tables.ts';
import { embeddedTables } from '../embedded/tables.ts';

test('what a deletion left is expired when its time is over, and nothing else', async () => {
  const tables = await embeddedTables();
  onTestFinished(() => tables[Symbol.asyncDispose]());
  const { state } = tables;
  let now = Date.now();
  const clock = { ...state.clock, now: () => now };
  const keys = dynamoKeyStore({ ...state, clock });
  const key = (keyId: string) => ({ keyId, hash: 'h', name: 'n', scopes: [], createdAt: 0 });
  for (let index = 0; index < 210; index += 1) await keys.put(key(`k${index}`));
  await keys.delete('k7');
  // An item that is bound to stay, however it looks.
  const pk = { S: 'key' };
  await state.client.send(
    new PutItemCommand({ TableName: state.table, Item: { pk, sk: { S: 'z' }, ttl: { S: '1' } } }),
  );
  const expire = () => deleteExpired({ ...state, clock }, definitions.state, { remainingMs: () => 1 });
  now += limits.lateWriteMs - 1000;
  expect(await expire()).toBe(0);
  now += 2000;
  expect(await expire()).toBe(1);
  const left: string[] = [];
  for await (const item of itemsUnder(state, { pk: 'key' })) left.push(item['sk']?.S ?? '');
  expect(left).toHaveLength(210);
  expect(left).not.toContain('k7');
});
