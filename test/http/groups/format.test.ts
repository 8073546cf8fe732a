import { describe, expect, test } from 'vitest';
import { deliveryFormats } from '../../../lib/domain/delivery/formats.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing';

const newGroup = async (delivery: object = {}): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  expect((await put(world, delivery)).status).toBe(201);
  return world;
};

const put = (world: World, delivery: object) =>
  call(world, `PUT ${path}`, { json: { mode: 'push', delivery } });
const patch = (world: World, delivery: object) => call(world, `PATCH ${path}`, { json: { delivery } });
const shown = async (world: World) => (await call(world, `GET ${path}`)).json['delivery'];

describe('the format of a group', () => {
  test('is the envelope of Standard Webhooks unless another is chosen', async () => {
    const world = await newGroup();
    expect(await shown(world)).toMatchObject({ format: 'webhook', batchSize: 100 });
    for (const format of deliveryFormats) {
      expect((await patch(world, { format })).json['delivery']).toMatchObject({ format });
      expect(await shown(world)).toMatchObject({ format });
    }
  });

  test.each([['csv'], [''], [null], [1], ['Webhook']])('is not %j', async (format) => {
    const world = await newGroup();
    for (const answer of [await patch(world, { format }), await put(world, { format })]) {
      const problem = expectProblem(answer, 400, 'invalid_request');
      expect(problem['errors']).toEqual([
        { path: 'delivery.format', message: expect.stringContaining('"cloudevents-batch"') },
      ]);
    }
  });
});

const ofOne = ['cloudevents-structured', 'cloudevents-binary', 'raw'] as const;

describe.each(ofOne)('a group of the format %s', (format) => {
  const refusal = {
    path: 'delivery.batchSize',
    message: expect.stringMatching(`"${format}" a request has one record: leave batchSize out, or give 1.`),
  };

  test('has a batch size of 1, given or not, and is the same group either way', async () => {
    const world = await newGroup({ format });
    expect(await shown(world)).toMatchObject({ batchSize: 1 });
    for (const delivery of [{ format }, { format, batchSize: 1 }])
      expect((await put(world, delivery)).status).toBe(200);
    expect((await patch(world, { batchSize: 1, timeoutSeconds: 5 })).status).toBe(200);
  });

  test('is not created with another', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const problem = expectProblem(await put(world, { format, batchSize: 2 }), 400, 'invalid_request');
    expect(problem['errors']).toEqual([refusal]);
    expect((await call(world, `GET ${path}`)).status).toBe(404);
  });

  test('is not given another, with the format or without', async () => {
    const world = await newGroup({ format });
    for (const change of [{ batchSize: 2 }, { format, batchSize: 100 }]) {
      const problem = expectProblem(await patch(world, change), 400, 'invalid_request');
      expect(problem['errors']).toEqual([refusal]);
    }
    expect((await patch(world, { format: 'webhook', batchSize: 7 })).json['delivery']).toMatchObject({
      format: 'webhook',
      batchSize: 7,
    });
  });

  test('that had another keeps it for when it is of another format again', async () => {
    const world = await newGroup({ batchSize: 50 });
    expect((await patch(world, { format })).json['delivery']).toMatchObject({ format, batchSize: 1 });
    expect((await patch(world, { timeoutSeconds: 5 })).status).toBe(200);
    expect((await put(world, { format, timeoutSeconds: 5 })).status).toBe(200);
    expect((await patch(world, { format: 'cloudevents-batch' })).json['delivery']).toMatchObject({
      batchSize: 50,
    });
  });
});
