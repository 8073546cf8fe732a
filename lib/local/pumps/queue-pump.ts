import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { QueueMessage, WakeReceiver } from '../../stores/wake-queue.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import { FairTurns } from './fair-turns.ts';

/** A Lambda behind a queue that reports the failures of single messages. */
export type QueueHandler = (
  event: SQSEvent,
  context: { getRemainingTimeInMillis(): number },
) => Promise<SQSBatchResponse>;

export interface QueuePumpOptions {
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
  readonly message: QueueMessage;
  readonly since: Instant;
}

/** Messages of one receipt at most, as with SQS. */
const receivedAtOnce = 10;
const pauseAfterFailureMs = 1000;
/** Messages that wait in memory, some 1 KB each: what is beyond comes back when its visibility timeout is over. */
const waitingMost = 10_000;

const toRecord = ({ messageId, receipt, receives, body }: QueueMessage): SQSRecord => ({
  messageId,
  receiptHandle: receipt,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: '',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
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
  readonly #receiver: WakeReceiver;
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
    receiver: WakeReceiver,
    handler: QueueHandler,
    options: QueuePumpOptions,
    deps: { clock: Clock; telemetry: Telemetry },
  ) {
    this.#receiver = receiver;
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
        this.#turns.add(this.#options.groupOf(message.body), { message, since });
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

  async #take(): Promise<readonly QueueMessage[]> {
    const { signal } = this.#stop;
    try {
      return await this.#receiver.receive(receivedAtOnce, signal);
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
      await this.#receiver.acknowledge(message.receipt);
    } catch (error) {
      this.#telemetry.record({ kind: 'fault', where: 'queue pump', error });
    }
  }

  /** So that the next start need not wait until they are visible again. */
  async #giveBack(held: readonly Held[]): Promise<void> {
    try {
      await this.#receiver.giveBack(held.map(({ message }) => message.receipt));
    } catch (error) {
      this.#telemetry.record({ kind: 'fault', where: 'queue pump', error });
    }
  }
}
