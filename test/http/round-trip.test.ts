import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, newWorld, produce, withTopic } from './world.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const headerText = fc.string({ unit: 'grapheme', maxLength: 20 });

const record = fc.record(
  {
    key: text,
    value: fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
    headers: fc.dictionary(
      headerText.filter((name) => name !== ''),
      headerText,
      { maxKeys: 5 },
    ),
    timestamp: fc
      .date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T00:00:00Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
  },
  { requiredKeys: ['value'] },
);

const bytes = fc.record({
  valueBase64: fc.uint8Array({ maxLength: 60 }).map((data) => Buffer.from(data).toString('base64')),
});

test('whatever records are produced are fetched as they were, where the answer said', async () => {
  const world = await newWorld();
  await withTopic(world, 3);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(record, bytes), { minLength: 1, maxLength: 10 }), async (records) => {
      const produced = await produce(world, records);
      expect({ status: produced.status, text: produced.text }).toMatchObject({ status: 200 });
      const results = produced.json['results'] as { partition: number; offset: number; timestamp: string }[];
      expect(results).toHaveLength(records.length);
      for (const [index, result] of results.entries()) {
        const { partition, offset } = result;
        const fetched = await call(
          world,
          `GET /v1/topics/orders/partitions/${partition}/records?offset=${offset}&limit=1`,
        );
        // Compared as values: that they are the same bytes, another test says.
        const appendedAt = new Date(world.clock.now()).toISOString();
        const expected = {
          ...records[index],
          ...result,
          ...(result.timestamp !== appendedAt && { appendedAt }),
        };
        expect(fetched.json['records']).toEqual([JSON.parse(JSON.stringify(expected))]);
      }
    }),
    { numRuns: 60 },
  );
});
