import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/domain/keys.ts';
import type { Stores } from './implementations.ts';

const apiKey = (keyId: string, more: Partial<ApiKey> = {}): ApiKey => ({
  keyId,
  name: 'deploy',
  hash: `${keyId}-hash`,
  scopes: ['produce', 'consume'],
  createdAt: 1_790_000_000_000,
  ...more,
});

export const describeKeyStore = (open: () => Promise<Stores>): void => {
  describe('API keys', () => {
    test('a key comes back as it was put, without what it does not have', async () => {
      const { keys } = await open();
      const restricted = apiKey('b', { topics: ['orders', 'billing-*'], expiresAt: 1_800_000_000_000 });
      await keys.put(restricted);
      await keys.put(apiKey('a'));
      expect(await keys.get('b')).toStrictEqual(restricted);
      expect(await keys.get('a')).toStrictEqual(apiKey('a'));
      expect(await keys.get('c')).toBeUndefined();
      expect(await keys.list()).toStrictEqual([apiKey('a'), restricted]);
    });

    test('a key put again is replaced whole', async () => {
      const { keys } = await open();
      await keys.put(apiKey('a', { topics: ['orders'] }));
      await keys.put(apiKey('a', { scopes: ['admin'] }));
      expect(await keys.list()).toStrictEqual([apiKey('a', { scopes: ['admin'] })]);
    });

    test('deleting says whether there was one', async () => {
      const { keys } = await open();
      await keys.put(apiKey('a'));
      expect(await keys.delete('a')).toBe(true);
      expect(await keys.delete('a')).toBe(false);
      expect(await keys.get('a')).toBeUndefined();
    });
  });
};
