import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';

/** A Lambda behind a DynamoDB stream that reports the failures of single records. */
export type StreamHandler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/** Records of one event at most, and the pauses after a failure, in ms. */
const eventRecords = 100;
const firstPauseMs = 100;
const longestPauseMs = 5000;

/**
 * Stands in for the event source mapping between the log table's stream and its function: writes go to the handler
 * in order, in batches, one batch at a time, each until it succeeds.
 */
export class StreamPump {
  readonly #handler: StreamHandler;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #stop = new AbortController();
  #waiting: DynamoDBRecord[] = [];
  #running: Promise<void> | undefined;
  #sequence = 0;

  constructor(handler: StreamHandler, deps: { clock: Clock; telemetry: Telemetry }) {
    this.#handler = handler;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
  }

  /** A batch was written at `base`. */
  announce(at: PartitionRef, base: number): void {
    this.#sequence += 1;
    this.push({
      eventID: String(this.#sequence),
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      eventVersion: '1.1',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(this.#clock.now() / 1000),
        Keys: { pk: { S: partitionKey(at) }, sk: { N: String(base) } },
        SequenceNumber: String(this.#sequence).padStart(21, '0'),
        StreamViewType: 'KEYS_ONLY',
      },
    });
  }

  /** The next record of a stream. */
  push(record: DynamoDBRecord): void {
    this.#waiting.push(record);
    this.#running ??= this.#run();
  }

  /** Resolves when every write announced so far is handled, or the present attempt is over after `stop`. */
  async drained(): Promise<void> {
    await this.#running;
  }

  /** Ends the retries: what is still waiting is left to the sweep of the next start. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    // Everything written in the same turn goes in one event.
    await Promise.resolve();
    let pauseMs = firstPauseMs;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, eventRecords);
      const handled = await this.#handle(batch);
      this.#waiting.splice(0, handled);
      if (handled === batch.length) {
        pauseMs = firstPauseMs;
        continue;
      }
      if (this.#stop.signal.aborted) break;
      await this.#clock.sleep(pauseMs, this.#stop.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    this.#running = undefined;
  }

  /** How many of `batch`, from its beginning, are done with. */
  async #handle(batch: readonly DynamoDBRecord[]): Promise<number> {
    try {
      const { batchItemFailures } = await this.#handler({ Records: [...batch] });
      const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
      const first = batch.findIndex((record) => failed.has(record.dynamodb?.SequenceNumber ?? ''));
      return first === -1 ? batch.length : first;
    } catch (error) {
      this.#telemetry.record({ kind: 'fault', where: 'stream pump', error });
      return 0;
    }
  }
}
