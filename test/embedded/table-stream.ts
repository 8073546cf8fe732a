import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  type _Record as StreamRecord,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Telemetry } from '../../lib/surroundings/telemetry.ts';

export interface TableStreamDeps {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  /** Told of every record, those of a shard in order, and of a shard only after its parent. */
  readonly push: (record: DynamoDBRecord) => void;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Ms without asking when the last round brought nothing. */
const idleMs = 100;
const pauseAfterFailureMs = 1000;

/** A shard that is being read. */
interface Position {
  iterator?: string | undefined;
  lastSequenceNumber?: string | undefined;
}

/**
 * Reads a table's stream as the event source mapping of a function does: from the oldest record on, so that whatever
 * was written before it began is told too (waking twice is cheap, and a record without a wake is not).
 */
export class TableStream {
  readonly #deps: TableStreamDeps;
  readonly #stop = new AbortController();
  readonly #open = new Map<string, Position>();
  readonly #finished = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(deps: TableStreamDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#deps.client.destroy();
  }

  async #run(): Promise<void> {
    const { clock, telemetry } = this.#deps;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#openShards();
        const read = await this.#readShards();
        if (read === 0) await clock.sleep(idleMs, this.#stop.signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        telemetry.record({ kind: 'fault', where: 'table stream', error });
        await clock.sleep(pauseAfterFailureMs, this.#stop.signal);
      }
    }
  }

  /** Opens the shards that are new, a child only when its parent has been read to its end. */
  async #openShards(): Promise<void> {
    const shards = await this.#shards();
    const known = new Set(shards.map(({ ShardId }) => ShardId));
    for (const { ShardId: id, ParentShardId: parent } of shards) {
      if (id === undefined || this.#finished.has(id) || this.#open.has(id)) continue;
      if (parent === undefined || !known.has(parent) || this.#finished.has(parent)) this.#open.set(id, {});
    }
    for (const id of this.#finished) if (!known.has(id)) this.#finished.delete(id);
  }

  async #shards(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let from: string | undefined;
    do {
      const { StreamDescription: page } = await this.#deps.client.send(
        new DescribeStreamCommand({ StreamArn: this.#deps.streamArn, ExclusiveStartShardId: from }),
        { abortSignal: this.#stop.signal },
      );
      shards.push(...(page?.Shards ?? []));
      from = page?.LastEvaluatedShardId;
    } while (from !== undefined);
    return shards;
  }

  /** One request for each open shard. @returns how many records came. */
  async #readShards(): Promise<number> {
    let read = 0;
    for (const [id, position] of this.#open) {
      try {
        read += await this.#readShard(id, position);
      } catch (error) {
        if (!(error instanceof ExpiredIteratorException || error instanceof TrimmedDataAccessException))
          throw error;
        // What was trimmed can be had from nowhere: on from the oldest that is left.
        position.iterator = undefined;
        if (error instanceof TrimmedDataAccessException) position.lastSequenceNumber = undefined;
      }
    }
    return read;
  }

  async #readShard(id: string, position: Position): Promise<number> {
    const abortSignal = this.#stop.signal;
    const ShardIterator = position.iterator ?? (await this.#iteratorOf(id, position));
    const { Records = [], NextShardIterator } = await this.#deps.client.send(
      new GetRecordsCommand({ ShardIterator }),
      { abortSignal },
    );
    for (const record of Records) {
      this.#deps.push(asEventRecord(record, this.#deps.streamArn));
      position.lastSequenceNumber = record.dynamodb?.SequenceNumber ?? position.lastSequenceNumber;
    }
    position.iterator = NextShardIterator;
    if (NextShardIterator === undefined) {
      this.#open.delete(id);
      this.#finished.add(id);
    }
    return Records.length;
  }

  async #iteratorOf(ShardId: string, { lastSequenceNumber }: Position): Promise<string | undefined> {
    const { ShardIterator } = await this.#deps.client.send(
      new GetShardIteratorCommand({
        StreamArn: this.#deps.streamArn,
        ShardId,
        ...(lastSequenceNumber === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: lastSequenceNumber }),
      }),
      { abortSignal: this.#stop.signal },
    );
    return ShardIterator;
  }
}

/** A record of the stream as Lambda hands it to a function: its time in seconds, its keys as they are (S and N alone). */
const asEventRecord = (record: StreamRecord, eventSourceARN: string): DynamoDBRecord => {
  const { eventID, eventName, eventSource, eventVersion, awsRegion, dynamodb } = record;
  const keys = Object.entries(dynamodb?.Keys ?? {}).map(([name, value]) => [
    name,
    value.S === undefined ? { N: value.N ?? '' } : { S: value.S },
  ]);
  return {
    eventSourceARN,
    ...(eventID !== undefined && { eventID }),
    ...(eventName !== undefined && { eventName }),
    ...(eventSource !== undefined && { eventSource }),
    ...(eventVersion !== undefined && { eventVersion }),
    ...(awsRegion !== undefined && { awsRegion }),
    dynamodb: {
      ApproximateCreationDateTime: Math.floor((dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) / 1000),
      Keys: Object.fromEntries(keys),
      ...(dynamodb?.SequenceNumber !== undefined && { SequenceNumber: dynamodb.SequenceNumber }),
      ...(dynamodb?.SizeBytes !== undefined && { SizeBytes: dynamodb.SizeBytes }),
      StreamViewType: 'KEYS_ONLY',
    },
  };
};
