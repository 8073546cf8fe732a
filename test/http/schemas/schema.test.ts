import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/schema';
const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more });
const first = object({ id: { type: 'string' } }, { additionalProperties: false });
const wider = object({ id: { type: 'string' }, note: {} }, { additionalProperties: false });
const other = object({ id: { type: 'integer' } }, { additionalProperties: false });

const makeWorld = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 2);
  return world;
};

const put = (world: World, schema: unknown, more: object = {}) =>
  call(world, `PUT ${path}`, { json: { schema, ...more } });

describe('the schema of a topic', () => {
  test('is set, shown, and set again as it is: then it is the same version', async () => {
    const world = await makeWorld();
    expectProblem(await call(world, `GET ${path}`), 404, 'schema_not_found');
    const set = await put(world, first);
    expect(set.status).toBe(201);
    const shown = {
      version: 1,
      createdAt: new Date(world.clock.now()).toISOString(),
      schema: first,
      compatibility: 'backward',
    };
    expect(set.json).toEqual(shown);
    world.clock.advance(5000);
    const again = await put(world, Object.fromEntries(Object.entries(first).reverse()));
    expect([again.status, again.json]).toEqual([200, shown]);
    expect((await call(world, `GET ${path}`)).json).toEqual(shown);
  });

  test('has a new version where it is compatible, and none where it is not', async () => {
    const world = await makeWorld();
    await put(world, first);
    expect((await put(world, wider)).json).toMatchObject({ version: 2, schema: wider });
    const problem = expectProblem(await put(world, other), 409, 'schema_incompatible');
    expect(problem).toMatchObject({
      compatibility: 'backward',
      version: 2,
      errors: [
        { path: 'value/id', message: 'Version 2 allows a string, the new schema does not.' },
        { path: 'value', message: 'Version 2 allows "note", the new schema does not.' },
      ],
    });
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ version: 2 });
    // What is given with a version is asked of the next one too.
    expect((await put(world, other, { compatibility: 'none' })).json).toMatchObject({ version: 3 });
    expect((await put(world, first)).json).toMatchObject({ version: 4, compatibility: 'none' });
  });

  test('can be tried: what would be is told, and nothing changes', async () => {
    const world = await makeWorld();
    await put(world, first);
    const attempt = (schema: object, more: object = {}) =>
      call(world, `PUT ${path}?dryRun=true`, { json: { schema, ...more } });
    expect((await attempt(wider)).json).toEqual({
      compatible: true,
      version: 2,
      compatibility: 'backward',
      errors: [],
    });
    expect((await attempt(wider, { compatibility: 'full' })).json).toEqual({
      compatible: false,
      version: 2,
      compatibility: 'full',
      errors: [{ path: 'value', message: 'The new schema allows "note", version 1 does not.' }],
    });
    expect((await attempt(first)).json).toMatchObject({ compatible: true, version: 1 });
    expectProblem(await attempt({ type: 'text' }), 422, 'invalid_schema');
    expectProblem(
      await call(world, `PUT ${path}?dryRun=yes`, { json: { schema: first } }),
      400,
      'invalid_request',
    );
    expect((await call(world, `GET ${path}/versions`)).json).toMatchObject({ versions: [{ version: 1 }] });
  });

  test('says what the next version has to be, which can change by itself', async () => {
    const world = await makeWorld();
    const patch = (compatibility: string) => call(world, `PATCH ${path}`, { json: { compatibility } });
    expectProblem(await patch('full'), 404, 'schema_not_found');
    await put(world, wider, { compatibility: 'none' });
    expect((await patch('forward')).json).toMatchObject({ version: 1, compatibility: 'forward' });
    expectProblem(await put(world, other), 409, 'schema_incompatible');
    expect((await put(world, first)).status).toBe(201);
    expectProblem(await patch('sideways'), 400, 'invalid_request');
  });

  test('keeps its versions when it is deleted, and the next one is compared with none', async () => {
    const world = await makeWorld();
    await put(world, first);
    await put(world, wider);
    expect((await call(world, `DELETE ${path}`)).status).toBe(204);
    expectProblem(await call(world, `DELETE ${path}`), 404, 'schema_not_found');
    expectProblem(await call(world, `GET ${path}`), 404, 'schema_not_found');
    const versions = await call(world, `GET ${path}/versions`);
    expect(versions.json).toMatchObject({ versions: [{ version: 1 }, { version: 2 }], inForce: null });
    expect((await call(world, `GET ${path}/versions/1`)).json).toMatchObject({ version: 1, schema: first });
    // The newest is in force again as it was.
    const again = await put(world, wider);
    expect([again.status, again.json['version']]).toEqual([200, 2]);
    await call(world, `DELETE ${path}`);
    expect((await put(world, other)).json).toMatchObject({ version: 3 });
    expect((await call(world, `GET ${path}/versions`)).json).toMatchObject({ inForce: 3 });
  });

  test('has versions by number, and says which there are', async () => {
    const world = await makeWorld();
    expect((await call(world, `GET ${path}/versions`)).json).toEqual({ versions: [], inForce: null });
    await put(world, first);
    for (const number of ['0', '2', '01', 'latest', '1.0'])
      expect(
        expectProblem(await call(world, `GET ${path}/versions/${number}`), 404, 'schema_not_found'),
      ).toMatchObject({ detail: expect.stringContaining('versions 1 to 1') });
  });

  test('is one version for each of those who set one at once', async () => {
    const world = await makeWorld();
    const schemas = Array.from({ length: 6 }, (_, index) => object({ id: {} }, { title: `number ${index}` }));
    const answers = await Promise.all(schemas.map((schema) => put(world, schema)));
    expect(answers.map(({ status }) => status)).toEqual(schemas.map(() => 201));
    const numbers = answers.map(({ json }) => json['version'] as number);
    expect(numbers.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [index, number] of numbers.entries()) {
      const { json } = await call(world, `GET ${path}/versions/${number}`);
      expect(json['schema']).toEqual(schemas[index]);
    }
  });

  test('is not a version as long as the topic does not name it', async () => {
    let isLost = true;
    const world = await newWorld(({ topics }) => ({
      topics: {
        create: (topic) => topics.create(topic),
        get: (name) => topics.get(name),
        list: (page) => topics.list(page),
        update: (topic, change) =>
          isLost && change.schema !== undefined
            ? Promise.reject(new Error('crashed'))
            : topics.update(topic, change),
        delete: (name, topicId) => topics.delete(name, topicId),
      },
    }));
    await withTopic(world, 1);
    expectProblem(await put(world, other), 500, 'internal');
    const [topic] = (await world.stores.topics.list({ limit: 1 })).topics;
    expect(await world.stores.schemas.list(topic?.topicId ?? '')).toHaveLength(1);
    expect((await call(world, `GET ${path}/versions`)).json).toEqual({ versions: [], inForce: null });
    isLost = false;
    expect((await put(world, first)).json).toMatchObject({ version: 1 });
    expect((await call(world, `GET ${path}/versions/1`)).json).toMatchObject({ schema: first });
    expect((await call(world, `GET ${path}/versions`)).json).toMatchObject({ versions: [{ version: 1 }] });
  });

  test('can be read with any key for the topic, and changed with admin alone', async () => {
    const world = await makeWorld();
    await put(world, first);
    const producer = await world.key({ scopes: ['produce'], topics: ['orders'] });
    const stranger = await world.key({ scopes: ['consume'], topics: ['others'] });
    for (const line of [`GET ${path}`, `GET ${path}/versions`, `GET ${path}/versions/1`]) {
      expect((await call(world, line, { key: producer })).status).toBe(200);
      expectProblem(await call(world, line, { key: stranger }), 403, 'forbidden');
      expectProblem(await call(world, line, { key: null }), 401, 'unauthorized');
    }
    const json = { schema: wider };
    for (const line of [`PUT ${path}`, `PUT ${path}?dryRun=true`, `PATCH ${path}`, `DELETE ${path}`])
      expectProblem(await call(world, line, { key: producer, json }), 403, 'forbidden');
  });

  test('belongs to a topic that stands', async () => {
    const world = await makeWorld();
    expectProblem(await call(world, `GET /v1/topics/none/schema`), 404, 'topic_not_found');
    const json = { schema: first };
    expectProblem(await call(world, 'PUT /v1/topics/none/schema', { json }), 404, 'topic_not_found');
    await put(world, first);
    await call(world, 'DELETE /v1/topics/orders');
    expectProblem(await call(world, `GET ${path}/versions/1`), 404, 'topic_not_found');
    await withTopic(world, 1);
    expectProblem(await call(world, `GET ${path}`), 404, 'schema_not_found');
    expect((await call(world, `GET ${path}/versions`)).json).toMatchObject({ versions: [] });
  });

  test.each([
    [{}, 'schema', /JSON Schema, as an object/],
    [{ schema: 'object' }, 'schema', /as an object/],
    [{ schema: true }, 'schema', /as an object/],
    [{ schema: [] }, 'schema', /as an object/],
    [{ schema: {}, compatibility: 'BACKWARD' }, 'compatibility', /"backward"/],
    [{ schema: {}, version: 3 }, 'version', /Unknown/],
  ])('is not %j', async (json, at, message) => {
    const world = await makeWorld();
    const problem = expectProblem(await call(world, `PUT ${path}`, { json }), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) as string });
  });

  test.each([
    [{ type: 'text' }, 'schema/type', /Must be one of|Must be of type/],
    [{ properties: { a: { minimum: '1' } } }, 'schema/properties/a/minimum', /Must be of type number/],
    [{ properties: { a: [] } }, 'schema/properties/a', /A schema is an object, true or false/],
    [{ items: [{}] }, 'schema/items', /A schema is an object/],
    [{ requierd: ['a'] }, 'schema/requierd', /Unknown keyword/],
    [{ $defs: { a: { requierd: ['a'] } } }, 'schema/$defs/a/requierd', /Unknown keyword/],
    [{ type: 'string', nullable: true }, 'schema/nullable', /Give "null" as one of the types/],
    [{ dependencies: { a: ['b'] } }, 'schema/dependencies', /dependentRequired/],
    [{ $async: true }, 'schema/$async', /checked at once/],
    [{ $dynamicRef: '#a' }, 'schema/$dynamicRef', /\$ref/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, 'schema/$schema', /2020-12/],
    [
      { properties: { a: { $ref: 'https://example.com/a.json' } } },
      'schema/properties/a/$ref',
      /nothing is ever fetched/,
    ],
    [{ $ref: 'file:///etc/passwd' }, 'schema/$ref', /nothing is ever fetched/],
    [{ $ref: '#/$defs/none' }, 'schema/$ref', /no schema in this one/],
    [{ properties: {}, items: { $ref: '#/properties' } }, 'schema/items/$ref', /no schema in this one/],
    [{ $ref: '#' }, 'schema', /leads back to itself/],
    [
      { $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { not: { $ref: '#/$defs/a' } } } },
      'schema/$defs/a',
      /leads back/,
    ],
    [{ properties: { a: { $id: 'a' } } }, 'schema/properties/a/$id', /as a whole has an "\$id"/],
    [{ pattern: '(' }, 'schema/pattern', /no regular expression/],
    [{ patternProperties: { '\\p': true } }, 'schema/patternProperties', /regular expression|format/i],
    [{ format: 'phone' }, 'schema/format', /Unknown format/],
    [{ format: 'constructor' }, 'schema/format', /Unknown format/],
    [JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'), 'schema', /"__proto__"/],
    [{ allOf: Array.from({ length: limits.schemaParts }, () => ({})) }, 'schema', /limit schemaParts/],
  ])('cannot be %j', async (schema, at, message) => {
    const world = await makeWorld();
    const problem = expectProblem(await put(world, schema), 422, 'invalid_schema');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) as string });
    expect((await call(world, `GET ${path}/versions`)).json).toEqual({ versions: [], inForce: null });
  });

  test('may be too large and too deep for a request', async () => {
    const world = await makeWorld();
    expectProblem(await put(world, { description: 'x'.repeat(limits.settingsBytes) }), 413, 'too_large');
    const body = `{"schema":${'{"not":'.repeat(200)}{}${'}'.repeat(200)}}`;
    const headers = { 'content-type': 'application/json' };
    expectProblem(await call(world, `PUT ${path}`, { body, headers }), 400, 'limit_exceeded');
  });

  test('may have notes of others, an id, anchors and references within itself', async () => {
    const world = await makeWorld();
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/order.json',
      'x-owner': 'sales',
      'connect.name': 'order',
      $defs: { code: { $anchor: 'code', type: 'string' } },
      properties: {
        a: { $ref: '#code' },
        b: { $ref: 'https://example.com/order.json#/$defs/code' },
        self: { $ref: 'https://example.com/order.json' },
      },
    };
    expect((await put(world, schema)).status).toBe(201);
    // Another version may have the same id.
    const fresh = { ...schema, properties: { a: { $ref: '#code' } } };
    expect((await put(world, fresh, { compatibility: 'none' })).json).toMatchObject({ version: 2 });
  });

  test('takes so many versions', async () => {
    const world = await makeWorld();
    await put(world, first);
    const [topic] = (await world.stores.topics.list({ limit: 1 })).topics;
    if (topic?.schema === undefined) throw new Error('There is no schema.');
    const last = { ...topic.schema, version: limits.schemaVersions };
    await world.stores.schemas.put(topic.topicId, {
      ...last,
      schemaJson: JSON.stringify(first) as never,
      createdAt: 0,
    });
    await world.stores.topics.update(topic, { schema: last });
    expectProblem(await put(world, wider), 400, 'limit_exceeded');
    expect((await put(world, first)).json).toMatchObject({ version: limits.schemaVersions });
  });
});
