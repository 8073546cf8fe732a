import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogClient, createStateClient } from '../../../../lib/stores/dynamodb/table/client.ts';
import { createQueueClient } from '../../../../lib/stores/sqs/client.ts';
import type { Clock } from '../../../../lib/surroundings/clock.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A service that answers everything with an empty document, and the connections that were made to it. */
const service = async () => {
  const sockets: Socket[] = [];
  /** Set: the next request waits for it, and says when it has arrived. */
  const next: { held?: { readonly arrived: () => void; readonly until: Promise<void> } | undefined } = {};
  const server = createServer((request, response) => {
    const { held } = next;
    next.held = undefined;
    request.resume().on('end', () => {
      held?.arrived();
      void (held?.until ?? Promise.resolve()).then(() => response.writeHead(200).end('{}'));
    });
  });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close().closeAllConnections());
  /** Lets the next request wait until `release`. */
  const hold = () => {
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    next.held = { arrived: arrival.resolve, until: release.promise };
    return { arrived: arrival.promise, release: release.resolve };
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, hold };
};

type Times = Record<'now' | 'monotonic', number>;
type Options = Parameters<typeof createQueueClient>[0] & { clock: Pick<Clock, 'now' | 'monotonic'> };

const get = new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'a' } } });
const clients = {
  log: (options: Options) => {
    const client = createLogClient(options);
    ends.push(() => client.destroy());
    return () => client.send(get);
  },
  state: (options: Options) => {
    const client = createStateClient(options);
    ends.push(() => client.destroy());
    return () => client.send(get);
  },
  queue: (options: Options) => {
    const client = createQueueClient(options);
    ends.push(() => client.destroy());
    const message = { QueueUrl: `${String(options.endpoint)}/q`, ReceiptHandle: 'r', VisibilityTimeout: 1 };
    return () => client.send(new ChangeMessageVisibilityCommand(message));
  },
};

describe.each(Object.entries(clients))('the %s client', (_name, create) => {
  const started = async () => {
    const { endpoint, sockets, hold } = await service();
    const times: Times = { now: 1e12, monotonic: 0 };
    const clock = { now: () => times.now, monotonic: () => times.monotonic };
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const call = create({ endpoint, region: 'us-east-1', credentials, clock });
    await call();
    return { call, sockets, times, hold };
  };
  const freeze = (times: Times, wall: number, monotonic: number): void => {
    times.now += wall;
    times.monotonic += monotonic;
  };

  it('uses a connection again that was idle for half a minute', async () => {
    const { call, sockets, times } = await started();
    for (let again = 0; again < 3; again += 1) {
      freeze(times, 30_000, 30_000);
      await call();
    }
    expect(sockets).toHaveLength(1);
  });

  it.each([
    ['of a process that was frozen, while its monotonic clock stood still', 30_001, 0],
    ['while the wall clock was set back', -3_600_000, 30_001],
  ])('drops one that was idle for longer, %s', async (_what, wall, monotonic) => {
    const { call, sockets, times } = await started();
    const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
    freeze(times, wall, monotonic);
    await call();
    expect(sockets).toHaveLength(2);
    await closed;
  });

  it('leaves a request alone that waits for its answer while another call drops what was idle', async () => {
    const { call, sockets, times, hold } = await started();
    const { arrived, release } = hold();
    // On the connection that was idle before, and is not now, however long the answer takes.
    const slow = call();
    await arrived;
    freeze(times, 60_000, 60_000);
    await call();
    freeze(times, 60_000, 60_000);
    await call();
    expect(sockets[0]?.destroyed).toBe(false);
    release();
    await expect(slow).resolves.toBeDefined();
    // Its own, and one for each of the others, of which the first was idle for too long.
    expect(sockets).toHaveLength(3);
  });

  it('drops all that were idle, however many', async () => {
    const { call, sockets, times } = await started();
    await Promise.all(Array.from({ length: 5 }, call));
    const many = sockets.length;
    expect(many).toBeGreaterThan(1);
    freeze(times, 30_001, 0);
    await call();
    expect(sockets).toHaveLength(many + 1);
    await call();
    expect(sockets).toHaveLength(many + 1);
  });
});
