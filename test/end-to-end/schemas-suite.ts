import { describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { suiteBroker } from './suite-broker.ts';

const account = (properties: object = {}): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { id: { type: 'integer' }, email: { type: 'string', format: 'email' }, ...properties },
  required: ['id'],
  additionalProperties: false,
});

/** Schemas of topics, as whoever has an address and a key sees them. */
export const describeSchemas = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, with schemas`, () => {
    const broker = suiteBroker(start);

    const newTopic = async (): Promise<{ topic: string; path: string; records: string }> => {
      const topic = await broker.newTopic();
      return { topic, path: `/v1/topics/${topic}/schema`, records: `/v1/topics/${topic}/records` };
    };

    /** Elsewhere a process may remember for some seconds that there was no schema, or another one. */
    const answered = (records: string, value: unknown, status: number) =>
      eventually(
        `${JSON.stringify(value)} is answered ${status}`,
        () => broker.admin.call('POST', records, { records: [{ value }] }),
        (answer) => answer.status === status,
      );

    test('records are checked from then on that there is one, and as it says', async () => {
      const { topic, path, records } = await newTopic();
      await broker.admin.produce(topic, [{ value: 'anything' }]);
      const set = await broker.admin.call('PUT', path, { schema: account() });
      expect(set).toMatchObject({ status: 201, body: { version: 1, compatibility: 'backward' } });
      expect(await broker.admin.call('PUT', path, { schema: account() })).toMatchObject({ status: 200 });

      const refused = await answered(records, { id: 'seven', email: 'nobody' }, 422);
      expect(refused.body).toMatchObject({
        code: 'schema_mismatch',
        schemaVersion: 1,
        errors: [
          { path: 'records[0].value/id', message: 'Must be of type integer.' },
          { path: 'records[0].value/email', message: 'Must be of the format "email".' },
        ],
      });
      const { endOffset } = await broker.admin.fetch(topic, 0, 'offset=earliest');
      const mixed = { records: [{ value: { id: 1 } }, { value: {} }] };
      expect(await broker.admin.call('POST', records, mixed)).toMatchObject({ status: 422 });
      const binary = { records: [{ valueBase64: 'AAEC' }] };
      expect(await broker.admin.call('POST', records, binary)).toMatchObject({ status: 422 });
      const lines = await broker.admin.call('POST', records, '{"value":{"id":1}}\n{"value":{}}\n', {
        'content-type': 'application/x-ndjson',
      });
      expect(lines.body).toMatchObject({ errors: [{ path: 'line 2.value', message: 'Lacks "id".' }] });
      expect((await broker.admin.fetch(topic, 0, 'offset=earliest')).endOffset).toBe(endOffset);
      await broker.admin.produce(topic, [{ value: { id: 1, email: 'a@example.com' } }]);

      await broker.admin.ok('DELETE', path);
      await answered(records, 'anything', 200);
      expect((await broker.admin.call('GET', path)).status).toBe(404);
    });

    test('a new version is one that is compatible, unless it need not be', async () => {
      const { path, records } = await newTopic();
      await broker.admin.ok('PUT', path, { schema: account() });
      const wider = account({ name: { type: 'string' } });
      const trial = await broker.admin.ok('PUT', `${path}?dryRun=true`, { schema: wider });
      expect(trial).toMatchObject({ compatible: true, version: 2 });
      expect(await broker.admin.call('PUT', path, { schema: wider })).toMatchObject({
        status: 201,
        body: { version: 2 },
      });
      expect(await broker.admin.call('PUT', path, { schema: account() })).toMatchObject({
        status: 409,
        body: {
          code: 'schema_incompatible',
          errors: [{ path: 'value', message: 'Version 2 allows "name", the new schema does not.' }],
        },
      });
      const forced = { schema: account(), compatibility: 'none' };
      expect(await broker.admin.ok('PUT', path, forced)).toMatchObject({ version: 3 });
      expect(await broker.admin.ok('PATCH', path, { compatibility: 'full' })).toMatchObject({
        compatibility: 'full',
      });
      expect(await broker.admin.ok('GET', `${path}/versions`)).toMatchObject({
        versions: [{ version: 1 }, { version: 2 }, { version: 3 }],
        inForce: 3,
      });
      expect(await broker.admin.ok('GET', `${path}/versions/2`)).toMatchObject({ schema: wider });
      await answered(records, { id: 1, name: 'x' }, 422);
    });

    test('what is no schema, or not whole, is refused', async () => {
      const { path } = await newTopic();
      for (const schema of [{ type: 'text' }, { requierd: ['a'] }, { $ref: 'https://example.com/a.json' }])
        expect(await broker.admin.call('PUT', path, { schema })).toMatchObject({
          status: 422,
          body: { code: 'invalid_schema' },
        });
      expect(await broker.admin.ok('GET', `${path}/versions`)).toEqual({ versions: [], inForce: null });
    });

    test('of versions that are set at once each is one', async () => {
      const { path } = await newTopic();
      const schemas = Array.from({ length: 4 }, (_, index) => ({ ...account(), title: `number ${index}` }));
      const set = await Promise.all(
        schemas.map((schema) => broker.admin.ok<{ version: number }>('PUT', path, { schema })),
      );
      expect(set.map(({ version }) => version).toSorted()).toEqual([1, 2, 3, 4]);
      for (const [index, { version }] of set.entries())
        expect(await broker.admin.ok('GET', `${path}/versions/${version}`)).toMatchObject({
          schema: schemas[index],
        });
    });
  });
};
