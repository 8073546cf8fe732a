import assert from 'node:assert/strict';
import { Client, eventually } from '../end-to-end/client.ts';
import { type Delivery, Receiver } from '../end-to-end/receiver.ts';

const topic = 'witness';
const group = `/v1/topics/${topic}/groups/audit`;

/** A user whose topic, push group and webhook go through all that is done to the stack. */
export class Witness {
  /** What the webhook's requests are signed with. */
  readonly secret: string;
  readonly #client: Client;
  readonly #receiver: Receiver;
  readonly #deliveries: readonly Delivery[];
  readonly #unverified: readonly string[];
  #produced = 0;

  private constructor(
    secret: string,
    client: Client,
    receiver: Receiver,
    hook: { deliveries: readonly Delivery[]; unverified: readonly string[] },
  ) {
    this.secret = secret;
    this.#client = client;
    this.#receiver = receiver;
    this.#deliveries = hook.deliveries;
    this.#unverified = hook.unverified;
  }

  static async start(url: string, key: string): Promise<Witness> {
    const client = new Client(url, key);
    const receiver = await Receiver.start();
    await client.ok('PUT', `/v1/topics/${topic}`, { partitions: 1 });
    await client.ok('PUT', group, { mode: 'push', start: 'earliest' });
    const endpoint = { url: receiver.url('/witness') };
    const { secret } = await client.ok<{ secret: string }>('POST', `${group}/endpoints`, endpoint);
    return new Witness(
      secret,
      client,
      receiver,
      receiver.open('/witness', secret, () => 204),
    );
  }

  /** Appends records whose values number on from the ones before. */
  async produce(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, index) => ({ value: this.#produced + index }));
    const results = await this.#client.produce(topic, records);
    assert.deepEqual(
      results.map(({ offset }) => offset),
      records.map(({ value }) => value),
      'the offsets go on where they were',
    );
    this.#produced += count;
  }

  /** Waits until the webhook has been sent everything produced so far, and the group has no lag. */
  async delivered(withinMs: number): Promise<void> {
    const missing = (): number[] => {
      const seen = new Set(this.#deliveries.flatMap(({ records }) => records.map(({ value }) => value)));
      return Array.from({ length: this.#produced }, (_, value) => value).filter((value) => !seen.has(value));
    };
    await eventually('every record is at the webhook', missing, ({ length }) => length === 0, withinMs);
    const lag = async (): Promise<number> => {
      const { partitions } = await this.#client.ok<{ partitions: readonly { lag: number }[] }>('GET', group);
      return partitions.reduce((sum, partition) => sum + partition.lag, 0);
    };
    await eventually('the group has no lag', lag, (records) => records === 0, 30_000);
    assert.deepEqual(this.#unverified, [], 'every signature verifies');
  }

  /** Checks that all that was ever produced can still be read, in order. */
  async everythingIsThere(): Promise<void> {
    const { records, endOffset } = await this.#client.fetch(topic, 0, 'offset=earliest&limit=1000');
    assert.equal(endOffset, this.#produced);
    assert.deepEqual(
      records.map(({ offset, value }) => [offset, value]),
      Array.from({ length: this.#produced }, (_, value) => [value, value]),
    );
  }

  stop(): Promise<void> {
    return this.#receiver.stop();
  }
}
