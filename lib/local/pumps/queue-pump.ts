import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type Clock, instantOf } from '../../stores/clock.ts';
import type { Telemetry } from '../../stores/telemetry.ts';
import { FairTurns } from './fair-turns.ts';

/** A Lambda behind a queue that reports the failures of single messages. */
export type QueueHandler = (
  event: SQSEvent,
  context: { getRemainingTimeInMillis(): number },
) => Promise<SQSBatchResponse>;

export interface QueuePumpOptions {
  readonly queueUrl: string;
  /** Invocations at one time: `FairTurns` says how many of them one group may have. */
  readonly places: number;
  /** How long one may take, ms. */
  readonly timeoutMs: number;
  /** For how long after it was received a message may be under way, ms: less than its visibility timeout. */
  readonly heldMs: number;
  /** Whose message it is, by its body: groups take turns. */
  readonly groupOf: (body: string) => string;
}

/** A message, and when it was asked for: no later than when the queue began to hide it. */
interface Held {
  readonly message: Message;
  readonly since: Instant;
}

const receiveSeconds = 20;
const pauseAfterFailureMs = 1000;
/** Messages that wait in memory, some 1 KB each: what is beyond comes back when its visibility timeout is over. */
const waitingMost = 10_000;

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
 * each to the handler when its group's turn comes, and deletes those that were handled. The others come back when their
 * visibility timeout is over.
 *
 * It takes more than it can run, or the messages of a group whose endpoint hangs would hide those of every other behind
 * them.
 */
export class QueuePump {
  readonly #client: SQSClient;
  readonly #handler: QueueHandler;
  readonly #options: QueuePumpOptions;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #turns: FairTurns<Held>;
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
    this.#turns = new FairTurns({ places: options.places, waiting: waitingMost });
  }

  start(): void {
    this.#receiving = this.#receive();
  }

  /**
   * Takes no more messages, gives those that wait back to the queue, tells the invocations in flight that they have
   * `graceMs` left, and resolves when they are over or the time is.
   */
  async stop(graceMs: number): Promise<void> {
    this.#endsBy = this.#clock.now() + graceMs;
    this.#stop.abort();
    await this.#receiving;
    const over = new AbortController();
    const finished = Promise.all([this.#giveBack(this.#turns.drain()), ...this.#invocations]);
    await Promise.race([finished, this.#clock.sleep(graceMs, over.signal)]);
    over.abort();
  }

  async #receive(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const since = instantOf(this.#clock);
      for (const message of await this.#take())
        this.#turns.add(this.#options.groupOf(message.Body ?? ''), { message, since });
      this.#runWhoseTurnItIs();
    }
  }

  #runWhoseTurnItIs(): void {
    while (!this.#stop.signal.aborted) {
      const turn = this.#turns.next();
      if (turn === undefined) return;
      const invocation = this.#invoke(turn.item).finally(() => {
        this.#invocations.delete(invocation);
        this.#turns.done(turn.group);
        this.#runWhoseTurnItIs();
      });
      this.#invocations.add(invocation);
    }
  }

  async #take(): Promise<readonly Message[]> {
    const { signal } = this.#stop;
    try {
      const { Messages } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#options.queueUrl,
          MaxNumberOfMessages: 10,
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

  async #invoke({ message, since }: Held): Promise<void> {
    const { timeoutMs, heldMs } = this.#options;
    const begun = instantOf(this.#clock);
    // With less than half of its time left it comes back to a run that can do more.
    if (elapsedMs(since, begun) > heldMs / 2) return;
    const remainingMs = (): number => {
      const now = instantOf(this.#clock);
      const left = Math.min(timeoutMs - elapsedMs(begun, now), heldMs - elapsedMs(since, now));
      return Math.max(0, Math.min(left, this.#endsBy - now.wall));
    };
    try {
      const context = { getRemainingTimeInMillis: remainingMs };
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

  /**
   * So that the next start need not wait until they are visible again. In a second, and not at once: the request to
   * receive that was given up may still be open at the other end, and would take them with it.
   */
  async #giveBack(held: readonly Held[]): Promise<void> {
    const entries = held.map(({ message: { ReceiptHandle } }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 1,
    }));
    try {
      for (let from = 0; from < entries.length; from += 10)
        await this.#client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: this.#options.queueUrl,
            Entries: entries.slice(from, from + 10),
          }),
        );
    } catch (error) {
      this.#telemetry.record({ kind: 'fault', where: 'queue pump', error });
    }
  }
}
