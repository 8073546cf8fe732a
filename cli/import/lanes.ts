import { limits } from '../../lib/domain/limits.ts';
import { serializedBytes } from '../../lib/domain/records/stored-records.ts';
import type { PartitionSender } from './sender.ts';
import type { SourceRecord } from './source.ts';

/** One append takes no more for certain, before it is compressed; brackets and commas come on top. */
const appendBytes = limits.batchBytes - 4 * limits.batchRecords;

/** The records of one partition on their way: those that wait for a request, and the request that is under way. */
class Lane {
  readonly #sender: Pick<PartitionSender, 'send'>;
  /** Of an earlier run's last request, which is sent again as it was. */
  #firstRecords: number;
  #waiting: SourceRecord[] = [];
  #waitingBytes = 0;
  #sendingBytes = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(sender: Pick<PartitionSender, 'send'>, firstRecords: number) {
    this.#sender = sender;
    this.#firstRecords = firstRecords;
  }

  get bytes(): number {
    return this.#waitingBytes + this.#sendingBytes;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  async add(record: SourceRecord): Promise<void> {
    const bytes = serializedBytes(record.record);
    const most = this.#firstRecords > 0 ? this.#firstRecords : limits.requestRecords;
    const isFull =
      this.#waiting.length >= most || (this.#firstRecords === 0 && this.#waitingBytes + bytes > appendBytes);
    if (isFull && this.#waiting.length > 0) await this.begin();
    this.#waiting.push(record);
    this.#waitingBytes += bytes;
  }

  /** Begins to send what waits, when what was sent before is stored. */
  async begin(): Promise<void> {
    await this.#sending;
    if (this.#waiting.length === 0) return;
    const records = this.#waiting;
    this.#sendingBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#firstRecords = 0;
    this.#sending = this.#sender.send(records).finally(() => {
      this.#sendingBytes = 0;
    });
    // Whoever waits for it next is told.
    this.#sending.catch(() => undefined);
  }

  /** Waits until what was begun is stored. */
  get sent(): Promise<void> {
    return this.#sending;
  }
}

/** What may be in memory, of all partitions. */
const mostBytes = 16 * 2 ** 20;

/** The largest of so many records take as much again. */
const recordsBetweenLooks = 64;

/** Sends records to their partitions: each partition's in order and one request at a time, those of several side by side. */
export class Lanes {
  readonly #lanes = new Map<number, Lane>();
  #added = 0;
  readonly #senderOf: (partition: number) => { sender: Pick<PartitionSender, 'send'>; firstRecords: number };

  /** @param senderOf gives the sender of a partition, and how many records an earlier run's last request had. */
  constructor(
    senderOf: (partition: number) => { sender: Pick<PartitionSender, 'send'>; firstRecords: number },
  ) {
    this.#senderOf = senderOf;
  }

  /** Takes a record, and waits while there are too many in memory. @throws what a sender threw. */
  async add(partition: number, record: SourceRecord): Promise<void> {
    await this.#of(partition).add(record);
    this.#added += 1;
    if (this.#added % recordsBetweenLooks !== 0) return;
    while (this.#bytes() > mostBytes) {
      const lanes = [...this.#lanes.values()].toSorted((a, b) => b.waitingBytes - a.waitingBytes);
      const [fullest] = lanes;
      await fullest?.begin();
      await fullest?.sent;
    }
  }

  /** Sends what waits, and waits until all is stored. @throws what a sender threw. */
  async end(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.map((lane) => lane.begin().then(() => lane.sent)));
  }

  /** Waits until nothing is under way any more, and sends nothing. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#lanes.values()].map((lane) => lane.sent));
  }

  #bytes(): number {
    let bytes = 0;
    for (const lane of this.#lanes.values()) bytes += lane.bytes;
    return bytes;
  }

  #of(partition: number): Lane {
    const known = this.#lanes.get(partition);
    if (known !== undefined) return known;
    const { sender, firstRecords } = this.#senderOf(partition);
    const lane = new Lane(sender, firstRecords);
    this.#lanes.set(partition, lane);
    return lane;
  }
}
