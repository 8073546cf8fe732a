import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../lib/domain/keys.ts';
import type { Stores } from '../implementations.ts';

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
      const restricted = apiKey('b', {
        topics: ['orders', 'billing-*'],
        expiresAt: 1_800_000_000_000,
        quota: { recordsPerSecond: 100, bytesPerSecond: 1_000_000, burstSeconds: 10 },
      });
      await keys.put(restricted);
      await keys.put(apiKey('a'));
      expect(await keys.get('b')).toStrictEqual(restricted);
      expect(await keys.get('a')).toStrictEqual(apiKey('a'));
      expect(await keys.get('c')).toBeUndefined();
      expect(await keys.list()).toStrictEqual([apiKey('a'), restricted]);
    });

    test('a key that stands is not put again, and one that was deleted is not put back', async () => {
      const { keys } = await open();
      await keys.put(apiKey('a', { topics: ['orders'] }));
      await keys.put(apiKey('a', { scopes: ['admin'] }));
      expect(await keys.list()).toStrictEqual([apiKey('a', { topics: ['orders'] })]);
      await keys.delete('a');
      await keys.put(apiKey('a'));
      expect(await keys.get('a')).toBeUndefined();
      expect(await keys.list()).toStrictEqual([]);
    });

    test('a root key is valid whole, whatever stood under its id and whether it was deleted', async () => {
      const { keys } = await open();
      const root = apiKey('a', { scopes: ['admin'] });
      for (const before of [
        async () => undefined,
        () => keys.delete('a'),
        () => keys.establish(apiKey('a', { topics: ['orders'] })),
      ]) {
        await before();
        await keys.establish(root);
        await keys.establish(root);
        expect(await keys.list()).toStrictEqual([root]);
      }
    });

    test('a key that is changed is from then on what it was changed to, and what it lost is gone', async () => {
      const { keys } = await open();
      const expiring = apiKey('a', { expiresAt: 1_800_000_000_000 });
      await keys.put(expiring);
      const other = apiKey('a', { name: 'other', quota: { recordsPerSecond: 1, burstSeconds: 1 } });
      let found: ApiKey | undefined;
      const change = (key: ApiKey): ApiKey => {
        found = key;
        return other;
      };
      expect(await keys.change('a', change)).toStrictEqual(other);
      expect(found).toStrictEqual(expiring);
      expect(await keys.get('a')).toStrictEqual(other);
    });

    test('a key that is not there, or was deleted, is not changed', async () => {
      const { keys } = await open();
      expect(await keys.change('a', (key) => key)).toBeUndefined();
      await keys.put(apiKey('a'));
      await keys.delete('a');
      expect(await keys.change('a', () => apiKey('a'))).toBeUndefined();
      expect(await keys.list()).toStrictEqual([]);
    });

    test('of changes at the same time none is lost', async () => {
      const { keys } = await open();
      await keys.put(apiKey('a', { name: '' }));
      const append = (letter: string) =>
        keys.change('a', (key) => ({ ...key, name: [...key.name, letter].sort().join('') }));
      await Promise.all(['x', 'y', 'z'].map(append));
      expect((await keys.get('a'))?.name).toBe('xyz');
    });

    test('a late copy of any write changes nothing', async () => {
      const { keys, landCopies } = await open();
      const root = apiKey('root', { scopes: ['admin'] });
      const steps = [
        () => keys.put(apiKey('a')),
        () => keys.change('a', (key) => ({ ...key, name: 'one' })),
        () => keys.change('a', (key) => ({ ...key, name: 'two' })),
        () => keys.delete('a'),
        () => keys.establish(root),
        () => keys.delete('root'),
        () => keys.establish(root),
        () => keys.delete('root'),
        () => keys.put(apiKey('b')),
      ];
      for (const step of steps) {
        await step();
        const before = await keys.list();
        await landCopies();
        expect(await keys.list()).toStrictEqual(before);
      }
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
