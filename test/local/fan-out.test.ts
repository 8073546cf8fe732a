import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client, eventually, type Record } from '../end-to-end/client.ts';
import { Receiver } from '../end-to-end/receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

const partitions = 16;
const members = 4;
const topic = '/v1/topics/orders';

interface Polled {
  readonly records: readonly Record[];
  readonly epochs: Readonly<{ [partition: string]: number }>;
}

const nameOf = ({ partition, offset }: Pick<Record, 'partition' | 'offset'>): string =>
  `${partition}:${offset}`;

/** Who got which record, how often; by the name of a record. */
class Received {
  readonly #by = new Map<string, string[]>();

  note(who: string, records: readonly Pick<Record, 'partition' | 'offset'>[]): void {
    for (const record of records)
      this.#by.set(nameOf(record), [...(this.#by.get(nameOf(record)) ?? []), who]);
  }

  get names(): readonly string[] {
    return [...this.#by.keys()];
  }

  /** Records that came more than once. */
  get repeated(): readonly string[] {
    return [...this.#by].filter(([, who]) => who.length > 1).map(([name]) => name);
  }

  get receivers(): ReadonlySet<string> {
    return new Set([...this.#by.values()].flat());
  }
}

/** A consumer that acknowledges what it gets with its next poll, until it is killed: then it says nothing any more. */
class Consumer {
  readonly #client: Client;
  readonly #path: string;
  readonly #mode: string;
  readonly #name: string;
  readonly #received: Received;
  #isKilled = false;

  constructor(client: Client, mode: string, name: string, received: Received) {
    this.#client = client;
    this.#path = `${topic}/groups/${mode}`;
    this.#mode = mode;
    this.#name = name;
    this.#received = received;
  }

  kill(): void {
    this.#isKilled = true;
  }

  async run(): Promise<void> {
    let ack: object = {};
    while (!this.#isKilled) {
      const request = { consumerId: this.#name, waitSeconds: 1, maxRecords: 20, ...ack };
      const answer = await this.#client.call('POST', `${this.#path}/poll`, request);
      if (this.#isKilled) return;
      ack = {};
      // What it acknowledged was another's by then: it comes again.
      if (answer.status === 409) continue;
      const { records, epochs } = answer.body as Polled;
      this.#received.note(this.#name, records);
      if (records.length > 0) ack = { ack: this.#acknowledging(records), epochs };
    }
  }

  #acknowledging(records: readonly Record[]): object {
    if (this.#mode === 'shared')
      return { records: records.map(({ partition, offset }) => ({ partition, offset })) };
    return { offsets: Object.fromEntries(records.map(({ partition, offset }) => [partition, offset + 1])) };
  }
}

/** A broker with a topic, a group of each mode, and what each of them received. */
const withGroups = async () => {
  const runtime = await startRuntime({ folder: temporaryFolder(), port: 0, telemetry: noTelemetry });
  const receiver = await Receiver.start();
  onTestFinished(async () => {
    await receiver.stop();
    await runtime.stop();
  });
  const client = new Client(runtime.url, runtime.adminKey);
  await client.ok('PUT', topic, { partitions });
  const received = { pull: new Received(), shared: new Received(), push: new Received() };
  for (const mode of ['pull', 'shared']) {
    const settings = { mode, start: 'earliest', sessionTimeoutSeconds: 3, ackTimeoutSeconds: 2 };
    await client.ok('PUT', `${topic}/groups/${mode}`, settings);
  }
  await client.ok('PUT', `${topic}/groups/push`, { mode: 'push', start: 'earliest' });
  const hook = `/${randomUUID()}`;
  const registered = await client.ok<{ secret: string }>('POST', `${topic}/groups/push/endpoints`, {
    url: receiver.url(hook),
  });
  receiver.open(hook, registered.secret, ({ records }) => {
    received.push.note('endpoint', records);
    return 204;
  });
  const running: Promise<void>[] = [];
  const consumers: Consumer[] = [];
  const join = (mode: 'pull' | 'shared', name: string): Consumer => {
    const consumer = new Consumer(client, mode, name, received[mode]);
    consumers.push(consumer);
    running.push(consumer.run());
    return consumer;
  };
  onTestFinished(async () => {
    for (const consumer of consumers) consumer.kill();
    await Promise.all(running);
  });
  let count = 0;
  /** Some records for every partition. @returns their names. */
  const produce = async (): Promise<string[]> => {
    count += 1;
    const records = Array.from({ length: 3 * partitions }, (_none, index) => ({
      partition: index % partitions,
      value: `${count}-${index}`,
    }));
    return (await client.produce('orders', records)).map(nameOf);
  };
  const lagOf = async (group: string): Promise<number> =>
    (await client.ok<{ lag: number }>('GET', `${topic}/groups/${group}`)).lag;
  const done = () =>
    eventually(
      'every group has acknowledged all',
      () => Promise.all(['pull', 'shared', 'push'].map(lagOf)),
      (lags) => lags.every((lag) => lag === 0),
    );
  return { received, join, produce, done, client };
};

const modes = ['pull', 'shared'] as const;

test('in peace every group has every record, and of a group that pulls one member, once', async () => {
  const { received, join, produce, done, client } = await withGroups();
  for (const mode of modes)
    for (let member = 0; member < members; member += 1) join(mode, `${mode}-${member}`);
  await eventually(
    'all have joined',
    () => client.ok<{ groups: readonly { members?: number }[] }>('GET', `${topic}/groups`),
    ({ groups }) => groups.filter((group) => group.members === members).length === modes.length,
  );
  const produced: string[] = [];
  for (let round = 0; round < 8; round += 1) produced.push(...(await produce()));
  await done();
  for (const each of Object.values(received)) {
    expect([...each.names].sort()).toEqual([...produced].sort());
    expect(each.repeated).toEqual([]);
  }
  expect(received.pull.receivers.size).toBe(members);
}, 60_000);

test('in war, with members that die and others that join, every group has every record', async () => {
  const { received, join, produce, done } = await withGroups();
  const alive = { pull: [] as Consumer[], shared: [] as Consumer[] };
  for (const mode of modes)
    for (let member = 0; member < members; member += 1) alive[mode].push(join(mode, `${mode}-${member}`));
  const produced: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    produced.push(...(await produce()));
    for (const mode of modes) {
      // Whatever it has in hand at this moment it never acknowledges.
      alive[mode].shift()?.kill();
      alive[mode].push(join(mode, `${mode}-${members + round}`));
    }
    produced.push(...(await produce()));
  }
  await done();
  for (const each of Object.values(received))
    expect([...new Set(each.names)].sort()).toEqual([...produced].sort());
}, 90_000);
