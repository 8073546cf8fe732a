import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Clock } from '../stores/clock.ts';
import type { Telemetry } from '../stores/telemetry.ts';

/** A Lambda behind a queue that reports the failures of single messages. */
export type QueueHandler = (
  event: SQSEvent,
  context: { getRemainingTimeInMillis(): number },
) => Promise<SQSBatchResponse>;

export interface QueuePumpOptions {
  readonly queueUrl: string;
  /** Invocations at one time. */
  readonly concurrency: number;
  /** How long one may take, ms. */
  readonly timeoutMs: number;
}

const receiveSeconds = 20;
const pauseAfterFailureMs = 1000;

const toRecord = (message: Message): SQSRecord => ({
  messageId: message.MessageId ?? '',
  receiptHandle: message.ReceiptHandle ?? '',
  body: message.Body ?? '',
  attributes: {
    ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
    SentTimestamp: message.Attributes?.SentTimestamp ?? '0',
    SenderId: message.Attributes?.SenderId ?? '',
    ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? '0',
  },
  messageAttributes: {},
  md5OfBody: message.MD5OfBody ?? '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:local',
  awsRegion: 'us-east-1',
});

/**
 * Stands in for the event source mapping between the wake queue and its function: takes messages as they come, hands
 * each to the handler, and deletes those that were handled. The others come back when their visibility timeout is over.
 */
export class QueuePump {
  readonly #client: SQSClient;
  readonly #handler: QueueHandler;
  readonly #options: QueuePumpOptions;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #stop = new AbortController();
  readonly #invocations = new Set<Promise<void>>();
  #receiving: Promise<void> = Promise.resolve();
  #endsBy = Number.POSITIVE_INFINITY;

  constructor(
    client: SQSClient,
    handler: QueueHandler,
    options: QueuePumpOptions,
    deps: { clock: Clock; telemetry: Telemetry },
  ) {
    this.#client = client;
    this.#handler = handler;
    this.#options = options;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
  }

  start(): void {
    this.#receiving = this.#receive();
  }

  /**
   * Takes no more messages, tells the invocations in flight that they have `graceMs` left, and resolves when they are
   * over or the time is.
   */
  async stop(graceMs: number): Promise<void> {
    this.#endsBy = this.#clock.now() + graceMs;
    this.#stop.abort();
    await this.#receiving;
    const over = new AbortController();
    await Promise.race([Promise.all(this.#invocations), this.#clock.sleep(graceMs, over.signal)]);
    over.abort();
  }

  async #receive(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const room = this.#options.concurrency - this.#invocations.size;
      if (room === 0) {
        await Promise.race([...this.#invocations, this.#clock.sleep(pauseAfterFailureMs, signal)]);
        continue;
      }
      for (const message of await this.#take(Math.min(10, room))) {
        const invocation = this.#invoke(message).finally(() => this.#invocations.delete(invocation));
        this.#invocations.add(invocation);
      }
    }
  }

  async #take(atMost: number): Promise<readonly Message[]> {
    const { signal } = this.#stop;
    try {
      const { Messages } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#options.queueUrl,
          MaxNumberOfMessages: atMost,
          WaitTimeSeconds: receiveSeconds,
          MessageSystemAttributeNames: ['All'],
        }),
        { abortSignal: signal },
      );
      return Messages ?? [];
    } catch (error) {
      if (!signal.aborted) {
        this.#telemetry.record({ kind: 'fault', where: 'queue pump', error });
        await this.#clock.sleep(pauseAfterFailureMs, signal);
      }
      return [];
    }
  }

  async #invoke(message: Message): Promise<void> {
    const deadline = this.#clock.now() + this.#options.timeoutMs;
    const context = {
      getRemainingTimeInMillis: () => Math.max(0, Math.min(deadline, this.#endsBy) - this.#clock.now()),
    };
    try {
      const { batchItemFailures } = await this.#handler({ Records: [toRecord(message)] }, context);
      if (batchItemFailures.length > 0) return;
      await this.#client.send(
        new DeleteMessageCommand({
          QueueUrl: this.#options.queueUrl,
          ReceiptHandle: message.ReceiptHandle,
        }),
      );
    } catch (error) {
      this.#telemetry.record({ kind: 'fault', where: 'queue pump', error });
    }
  }
}
