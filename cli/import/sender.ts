import type { Broker } from '../broker/broker.ts';
import { BrokerProblem, NoAnswerError } from '../broker/problem.ts';
import { producedText } from '../broker/record-text.ts';
import { CommandError } from '../failure.ts';
import type { SentRecords } from './sent-records.ts';
import { findStored } from './settle.ts';
import { InputError, type Source, type SourceRecord } from './source.ts';
import type { PartitionState } from './state.ts';

export interface SenderDeps {
  readonly broker: Broker;
  readonly topic: string;
  readonly source: Pick<Source, 'path' | 'unit'>;
  /** Keeps what the states say. */
  readonly save: () => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Records may be stored twice: a request without an answer is sent again as it is. */
  readonly atLeastOnce: boolean;
  readonly remark: (line: string) => void;
}

const firstPauseMs = 200;
const longestPauseMs = 20_000;
/** In a row: some minutes. */
const mostUnanswered = 12;
/** Times in a row that somebody else's append came first. */
const mostLost = 30;
/** For so long at the most who lost waits: the end that it knows then is no older than it must be. */
const lostPauseMs = 50;

/**
 * Sends the records of a file that go to one partition, in order. What is sent goes to the offset at which the partition ends,
 * or nowhere: when no answer came it is sent there again, and when the offset is taken, what stands there says by whom.
 */
export class PartitionSender {
  readonly #deps: SenderDeps;
  readonly #partition: number;
  readonly #state: PartitionState;
  readonly #sent: SentRecords;
  #isShared = false;

  /** @param sent of the same state. */
  constructor(deps: SenderDeps, partition: number, state: PartitionState, sent: SentRecords) {
    this.#deps = deps;
    this.#partition = partition;
    this.#state = state;
    this.#sent = sent;
  }

  /** @throws InputError for a record that the broker does not take; what else keeps it from going on. */
  async send(records: readonly SourceRecord[]): Promise<void> {
    let texts = records.map(({ record }) => producedText(record, this.#partition));
    for (let left = records; left.length > 0; ) {
      this.#sent.send(texts);
      this.#deps.save();
      const stored = await this.#sendOnce(left, texts);
      this.#sent.stored(texts.slice(0, stored));
      left = left.slice(stored);
      texts = texts.slice(stored);
    }
  }

  /** Sends until some are stored. Gives how many. */
  async #sendOnce(records: readonly SourceRecord[], texts: readonly string[]): Promise<number> {
    let [unanswered, lost] = [0, 0];
    for (;;) {
      let pauseMs = lostPauseMs;
      try {
        const base = await this.#deps.broker.produce(this.#deps.topic, texts, this.#expectedOffset);
        this.#state.next = base + records.length;
        return records.length;
      } catch (error) {
        if (error instanceof NoAnswerError) {
          unanswered += 1;
          if (unanswered >= mostUnanswered) throw error;
          pauseMs = Math.min(firstPauseMs * 2 ** unanswered, longestPauseMs);
        } else if (isTaken(error)) {
          const stored = await this.#settle(records, error.endOffset ?? this.#state.next);
          if (stored > 0) return stored;
          lost += 1;
          this.#tellOthers(lost);
        } else throw this.#refusal(error, records);
      }
      await this.#deps.sleep(pauseMs * Math.random(), this.#deps.signal);
      this.#deps.signal.throwIfAborted();
    }
  }

  get #expectedOffset(): number | undefined {
    return this.#deps.atLeastOnce ? undefined : this.#state.next;
  }

  /** Sees whether an earlier request stored them, of this run or one before. */
  async #settle(records: readonly SourceRecord[], end: number): Promise<number> {
    const { broker, topic } = this.#deps;
    const { next: from } = this.#state;
    if (end < from)
      throw new CommandError(
        `Partition ${this.#partition} of ${topic} ends at ${end}, and had come to ${from}: it is not the topic that it was. Delete the state file to import all anew.`,
      );
    const given = records.map(({ record }) => record);
    const found = await findStored(broker, topic, this.#partition, given, { from, to: end });
    this.#state.next = found.next;
    return found.stored;
  }

  #tellOthers(lost: number): void {
    if (!this.#isShared)
      this.#deps.remark(`Partition ${this.#partition} is written to by others too, which takes longer.`);
    this.#isShared = true;
    if (lost < mostLost) return;
    throw new CommandError(
      `Others write to partition ${this.#partition} all the time, so that an append at an offset that is known does not come through. --at-least-once sends without: a request whose answer is lost may then be stored twice.`,
    );
  }

  /** Names the line or row of what the broker does not take. */
  #refusal(error: unknown, records: readonly SourceRecord[]): unknown {
    if (!(error instanceof BrokerProblem)) return error;
    const [said] = error.errors;
    const [, index, field = ''] = /^records\[(\d+)\]\.?(.*)$/.exec(said?.path ?? '') ?? [];
    const record = records[Number(index)];
    if (said === undefined || index === undefined || record === undefined) return error;
    const what = `${field === '' ? '' : `${field}: `}${said.message}`;
    // No attempt stored any of a request that is not valid: what is mended in the file is sent as it is then.
    this.#sent.refused();
    return new InputError(this.#deps.source, record.at, what, error);
  }
}

const isTaken = (error: unknown): error is BrokerProblem =>
  error instanceof BrokerProblem && error.code === 'offset_mismatch';
