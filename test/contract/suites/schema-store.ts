import { describe, expect, test } from 'vitest';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { SchemaVersion } from '../../../lib/domain/schemas.ts';
import type { Stores } from '../implementations.ts';

const numbered = (version: number, schemaId: string, more: Partial<SchemaVersion> = {}): SchemaVersion => ({
  version,
  schemaId,
  schemaJson: jsonText({ type: 'object', title: `${version}/${schemaId}` }),
  createdAt: Date.UTC(2026, 0, 1),
  ...more,
});

export const describeSchemaStore = (open: () => Promise<Stores>): void => {
  describe('versions of schemas', () => {
    test('are given as they were stored, and stored once', async () => {
      const { schemas } = await open();
      const second = numbered(2, 'b', { previousId: 'a' });
      expect(await schemas.get('t', second)).toBeUndefined();
      await schemas.put('t', second);
      await schemas.put('t', { ...second, schemaJson: jsonText(true) });
      expect(await schemas.get('t', second)).toStrictEqual(second);
      expect(await schemas.get('t', { ...second, schemaId: 'c' })).toBeUndefined();
      expect(await schemas.get('t', { ...second, version: 1 })).toBeUndefined();
      expect(await schemas.get('u', second)).toBeUndefined();
    });

    test('are listed by number and id, those of one topic', async () => {
      const { schemas } = await open();
      for (const [version, id] of [
        [10, 'a'],
        [2, 'b'],
        [2, 'a'],
        [1, 'z'],
      ] as const)
        await schemas.put('t', numbered(version, id));
      await schemas.put('t2', numbered(1, 'other'));
      const listed = await schemas.list('t');
      expect(listed.map(({ version, schemaId }) => `${version}${schemaId}`)).toEqual([
        '1z',
        '2a',
        '2b',
        '10a',
      ]);
      expect(listed[0]).toStrictEqual(numbered(1, 'z'));
      expect(await schemas.list('u')).toEqual([]);
    });

    test('are removed with their topic', async () => {
      const { schemas } = await open();
      for (let version = 1; version <= 30; version += 1) await schemas.put('t', numbered(version, 'a'));
      await schemas.put('u', numbered(1, 'a'));
      await schemas.deleteAll('t');
      await schemas.deleteAll('t');
      expect(await schemas.list('t')).toEqual([]);
      expect(await schemas.list('u')).toHaveLength(1);
    });

    test('a late copy of a write changes nothing', async () => {
      const { schemas, landCopies } = await open();
      await schemas.put('t', numbered(1, 'a'));
      await schemas.put('t', numbered(1, 'a', { createdAt: 5 }));
      await schemas.put('t', numbered(2, 'b', { previousId: 'a' }));
      const before = await schemas.list('t');
      await landCopies();
      expect(await schemas.list('t')).toStrictEqual(before);
    });
  });
};
