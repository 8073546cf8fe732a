import { Problem } from '../../../lib/domain/errors.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import type { PullGroups } from '../../../lib/groups/pull/pull-groups.ts';
import type {
  Acknowledgement,
  HandedOut,
  Polled,
  PollRequest,
  RecordOutcome,
} from '../../../lib/groups/pull/requests.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { spread } from '../log/network.ts';
import type { GroupHistory } from './history.ts';

/** How a consumer reaches some process that serves: what was asked may get lost, or come late. */
export type Ask = <T>(
  request: (pulls: PullGroups) => Promise<T>,
  patienceMs: number,
) => Promise<T | undefined>;

export interface ConsumerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly history: GroupHistory;
  readonly ask: Ask;
  readonly topic: Topic;
  readonly group: string;
  readonly isShared: boolean;
  readonly dropsEpochs: boolean;
}

/** A record that a consumer has, and when it got it. */
interface Got extends HandedOut {
  readonly generation: number;
  readonly epoch: number | undefined;
}

/** Whether it is well-behaved: acknowledges everything at once; or does what consumers do at their worst. */
export type Manners = 'calm' | 'wild';

/** What may come of a request, whatever is asked for. */
const expected = new Set([
  'lease_lost',
  'not_handed_out',
  'unavailable',
  'throttled',
  'outcome_unknown',
  'topic_not_found',
]);

/** A consumer that polls, is done with what it gets sooner or later, and acknowledges that, or not. */
export class Consumer {
  readonly #deps: ConsumerDeps;
  readonly consumerId: string;
  manners: Manners;
  /** What it has and did not acknowledge. */
  #had: Got[] = [];
  isStopped = false;

  constructor(deps: ConsumerDeps, consumerId: string, manners: Manners) {
    this.#deps = deps;
    this.consumerId = consumerId;
    this.manners = manners;
  }

  /** It goes on, and never says a word of what it has. */
  calmDown(): void {
    this.manners = 'calm';
    this.#had = [];
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      await this.#turn();
      await this.#deps.clock.sleep(spread(this.#deps.random, 1, this.manners === 'wild' ? 3000 : 50));
    }
  }

  #happens(chance: number): boolean {
    return this.manners === 'wild' && this.#deps.random.number() < chance;
  }

  async #turn(): Promise<void> {
    const { random, clock } = this.#deps;
    // Restarted: it knows of nothing any more.
    if (this.#happens(0.05)) this.#had = [];
    if (this.#happens(0.04)) await this.#leave();
    if (this.#happens(0.05)) await clock.sleep(spread(random, 1000, 30_000));
    const ackInPoll = this.#happens(0.5) ? this.#acknowledgement() : undefined;
    const polled = await this.#poll(ackInPoll);
    if (polled === undefined) return;
    if (this.#happens(0.5)) await clock.sleep(spread(random, 1, this.#happens(0.3) ? 20_000 : 500));
    if (this.#happens(0.6)) return;
    const acknowledgement = this.#acknowledgement();
    // Its copy may come much later, when all is otherwise.
    if (this.#happens(0.15)) void this.#send(acknowledgement, 60_000);
    await this.#send(acknowledgement, 5000);
  }

  async #poll(ack: Said | undefined): Promise<Polled | undefined> {
    const { random, history, clock, isShared } = this.#deps;
    const generations = new Map<number, number>();
    for (let partition = 0; partition < this.#deps.topic.partitions; partition += 1)
      generations.set(partition, history.generation(partition));
    const begunAt = clock.now();
    const goesOn = !isShared && ack === undefined && this.#happens(0.3);
    const positions = goesOn ? this.#positions() : undefined;
    const request: PollRequest = {
      consumerId: this.consumerId,
      maxRecords: 1 + Math.floor(random.number() * 6),
      maxBytes: 1_000_000,
      waitMs: this.manners === 'wild' ? Math.floor(random.number() * 2000) : 500,
      ...(ack !== undefined && { ack: ack.acknowledgement, ...ack.epochs }),
      ...(positions !== undefined && { positions, ...this.#known(this.#had) }),
    };
    const polled = await this.#asked(
      (pulls) => pulls.poll(this.#deps.topic, this.#deps.group, request),
      10_000,
    );
    if (polled === undefined) return undefined;
    if (ack !== undefined) this.#wasAnswered(ack, new Set(polled.unacknowledged));
    for (const handed of polled.records) {
      const { partition, offset } = handed.record;
      const generation = generations.get(partition) ?? 0;
      history.received(partition, offset, { at: begunAt, generation });
      const epoch = polled.epochs.get(partition);
      // Got under another epoch, what it had is another's by now.
      this.#had = this.#had.filter((had) => had.record.partition !== partition || had.epoch === epoch);
      if (generation === history.generation(partition)) this.#had.push({ ...handed, generation, epoch });
    }
    return polled;
  }

  /** Under which epochs it got what it has. */
  #known(had: readonly Got[]): { readonly epochs?: ReadonlyMap<number, number> } {
    if (this.#deps.dropsEpochs) return {};
    const known = had.flatMap(({ record, epoch }) =>
      epoch === undefined ? [] : [[record.partition, epoch] as const],
    );
    return { epochs: new Map(known) };
  }

  #positions(): ReadonlyMap<number, number> {
    const positions = new Map<number, number>();
    for (const { record } of this.#had)
      positions.set(record.partition, Math.max(positions.get(record.partition) ?? 0, record.offset + 1));
    return positions;
  }

  /** Says that it is done with what it has: with all of it, or with some. */
  #acknowledgement(): Said {
    const { history, random, isShared } = this.#deps;
    const had = this.#had.filter(() => !this.#happens(0.1));
    const epochs = this.#known(this.#had);
    const records: RecordOutcome[] = [];
    const offsets = new Map<number, number>();
    const done: Got[] = [];
    for (const got of had) {
      const { partition, offset } = got.record;
      const outcome = isShared && this.#happens(0.25) ? (random.number() < 0.6 ? 'nack' : 'extend') : 'ack';
      records.push({
        partition,
        from: offset,
        to: offset + 1,
        outcome,
        ...(outcome === 'nack' && this.#happens(0.5) && { delayMs: random.number() * 4000 }),
      });
      if (outcome === 'ack') done.push(got);
      if (outcome === 'nack') history.givesBack(partition, offset);
    }
    if (!isShared) for (const [partition, next] of this.#runsOf(had)) offsets.set(partition, next);
    const told = isShared
      ? done
      : this.#had.filter(({ record }) => record.offset < (offsets.get(record.partition) ?? 0));
    for (const { record, generation } of told) history.done(record.partition, record.offset, generation);
    this.#had = [];
    return { acknowledgement: isShared ? { records } : { offsets }, done: told, epochs };
  }

  /** Of each partition the offset after the last that it has, and all before that. */
  #runsOf(had: readonly Got[]): ReadonlyMap<number, number> {
    const next = new Map<number, number>();
    for (const { record } of had) {
      const all = this.#had.filter((each) => each.record.partition === record.partition);
      if (
        all.every(
          (each, index) => index === 0 || each.record.offset === (all[index - 1]?.record.offset ?? 0) + 1,
        )
      )
        next.set(record.partition, Math.max(next.get(record.partition) ?? 0, record.offset + 1));
    }
    return next;
  }

  async #send(said: Said, patienceMs: number): Promise<void> {
    const { acknowledgement: ack, epochs } = said;
    const isEmpty = (ack.records?.length ?? ack.offsets?.size ?? 0) === 0;
    if (isEmpty) return;
    const { topic, group } = this.#deps;
    const answer = await this.#asked(async (pulls) => {
      const from = { consumerId: this.consumerId, ...epochs };
      if (ack.offsets !== undefined && this.#happens(0.2)) {
        // Done with all of it but that it is given back from the first on: nothing is acknowledged.
        const offsets = new Map(
          [...ack.offsets].map(([partition]) => [partition, this.#firstOf(said, partition)]),
        );
        await pulls.giveBack(topic, group, { ...from, offsets, delayMs: this.#deps.random.number() * 3000 });
        return 'given back';
      }
      await pulls.acknowledge(topic, group, { ...from, ack });
      return 'acknowledged';
    }, patienceMs);
    if (answer === 'acknowledged') this.#wasAnswered(said);
  }

  #firstOf({ done }: Said, partition: number): number {
    return Math.min(
      ...done.filter(({ record }) => record.partition === partition).map(({ record }) => record.offset),
    );
  }

  #wasAnswered({ done }: Said, but: ReadonlySet<number> = new Set()): void {
    const { history } = this.#deps;
    const acknowledged = done.filter(({ record }) => !but.has(record.partition));
    for (const { record, generation } of acknowledged)
      history.answered(record.partition, record.offset, generation);
  }

  async #leave(): Promise<void> {
    const { topic, group } = this.#deps;
    this.#had = [];
    await this.#asked((pulls) => pulls.leave(topic, group, this.consumerId), 5000);
  }

  /** The answer; undefined where none came, or a refusal. */
  async #asked<T>(request: (pulls: PullGroups) => Promise<T>, patienceMs: number): Promise<T | undefined> {
    try {
      return await this.#deps.ask(request, patienceMs);
    } catch (error) {
      const code = error instanceof Problem ? error.code : undefined;
      const isKnown = code !== undefined && expected.has(code);
      if (!isKnown && !(error instanceof Error && error.name === 'OutcomeUnknownError'))
        this.#deps.history.report(
          `${this.consumerId} was told: ${code ?? String(error)}: ${(error as Error).message}`,
        );
      return undefined;
    }
  }
}

/** An acknowledgement, with what it says of records that the consumer is done with. */
interface Said {
  readonly acknowledgement: Acknowledgement;
  readonly done: readonly Got[];
  readonly epochs: { readonly epochs?: ReadonlyMap<number, number> };
}
