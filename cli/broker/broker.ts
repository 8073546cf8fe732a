import { JsonReader } from '../../lib/domain/json/reader.ts';
import type { JsonText } from '../../lib/domain/json/text.ts';
import { limits } from '../../lib/domain/limits.ts';
import { CommandError } from '../failure.ts';
import type { Address } from './address.ts';
import { BrokerProblem, NoAnswerError } from './problem.ts';

export interface BrokerDeps extends Address {
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface PartitionRange {
  readonly partition: number;
  readonly startOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
}

/** Where a fetch begins: at an offset, or at the first record whose timestamp is at or after a time, as ISO 8601. */
export type Place = { readonly offset: number } | { readonly timestamp: string };

export interface Page {
  /** Each as it is written in the answer. */
  readonly records: readonly JsonText[];
  readonly nextOffset: number;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** In a row, each after a longer pause: some two minutes. */
const mostFailures = 10;
/** Of one request: longer than a function runs. */
const requestTimeoutMs = 60_000;

/** Refused for a time, and nothing was done. */
const isBusy = ({ status }: BrokerProblem): boolean => status === 429 || status === 503;

/** A gateway's own 503 may come after what it asked has begun. */
const leavesUnknown = ({ status, code }: BrokerProblem): boolean =>
  status >= 500 && code !== 'undecodable_batch' && (status !== 503 || code === '');

const retryAfterMs = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  /** Asked again when no answer came, too: it can do no harm twice. */
  readonly mayRepeat: boolean;
}

/** A broker as whoever has its address and a key sees it. What it refuses for a time is asked again when it says. */
export class Broker {
  readonly #deps: BrokerDeps;
  #isReached = false;

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
  }

  /** The address, without the key. */
  get url(): string {
    return this.#deps.url;
  }

  /** When the topic was made, as ISO 8601: one of its name that is made later is another. */
  async createdAt(topic: string): Promise<string> {
    const answer = await this.#ask(`/v1/topics/${encodeURIComponent(topic)}`, get);
    return (JSON.parse(answer.toString()) as { readonly createdAt: string }).createdAt;
  }

  async partitions(topic: string): Promise<readonly PartitionRange[]> {
    const answer = await this.#ask(`/v1/topics/${encodeURIComponent(topic)}/partitions`, get);
    return (JSON.parse(answer.toString()) as { readonly partitions: readonly PartitionRange[] }).partitions;
  }

  /** Records of a partition from a place on: as many as one answer has, or `limit`. */
  async fetch(
    topic: string,
    partition: number,
    from: Place,
    limit: number = limits.fetchRecords,
  ): Promise<Page> {
    const query = new URLSearchParams({ limit: String(limit), ...stringsOf(from) });
    const path = `/v1/topics/${encodeURIComponent(topic)}/partitions/${partition}/records?${query}`;
    return readPage(await this.#ask(path, get));
  }

  /**
   * Appends records to a partition.
   * @param records as `producedText` writes them.
   * @param expectedOffset where they go, or nowhere.
   * @returns the offset of the first.
   * @throws NoAnswerError when it is not known whether they were stored; BrokerProblem when they were not.
   */
  async produce(topic: string, records: readonly string[], expectedOffset?: number): Promise<number> {
    const expected = expectedOffset === undefined ? '' : `,"expectedOffset":${expectedOffset}`;
    const body = `{"records":[${records.join(',')}]${expected}}`;
    const asked = { method: 'POST', body, mayRepeat: false } as const;
    const answer = await this.#ask(`/v1/topics/${encodeURIComponent(topic)}/records`, asked);
    const { results } = JSON.parse(answer.toString()) as { results: readonly { offset: number }[] };
    return results[0]?.offset ?? 0;
  }

  /** Asks until there is an answer to go by. */
  async #ask(path: string, asked: Asked): Promise<Buffer> {
    const { signal, sleep } = this.#deps;
    let pauseMs = firstPauseMs;
    for (let failures = 1; ; failures += 1) {
      signal.throwIfAborted();
      const { answer, error, waitMs } = await this.#askOnce(path, asked);
      if (answer !== undefined) return answer;
      const isOver = error instanceof NoAnswerError && (!asked.mayRepeat || failures >= mostFailures);
      const isRefused = error instanceof BrokerProblem && !isBusy(error);
      if (isOver || isRefused) throw error;
      await sleep(waitMs ?? pauseMs * (0.5 + Math.random() / 2), signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  async #askOnce(
    path: string,
    { method, body }: Asked,
  ): Promise<{ answer?: Buffer; error?: Error; waitMs?: number | undefined }> {
    const { url, key, signal } = this.#deps;
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
        ...(body === undefined ? {} : { body }),
      });
      const answer = Buffer.from(await response.arrayBuffer());
      this.#isReached = true;
      if (response.ok) return { answer };
      const problem = new BrokerProblem(response.status, answer.toString());
      if (leavesUnknown(problem))
        return { error: new NoAnswerError(problem.message), waitMs: retryAfterMs(response) };
      return { error: problem, waitMs: retryAfterMs(response) };
    } catch (cause) {
      signal.throwIfAborted();
      if (!this.#isReached && isNobody(cause)) throw unreachable(url, cause);
      return { error: new NoAnswerError(`No answer came: ${whyOf(cause)}.`, { cause }) };
    }
  }
}

const get: Asked = { method: 'GET', mayRepeat: true };

const stringsOf = (place: Place): Record<string, string> =>
  'offset' in place ? { offset: String(place.offset) } : { timestamp: place.timestamp };

const whyOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
};

/** Nobody listens at that address, or there is no such address, or it is one that no client asks. */
const isNobody = (error: unknown): boolean => {
  const cause = error instanceof TypeError ? error.cause : undefined;
  if (!(cause instanceof Error)) return false;
  return !('code' in cause) || cause.code === 'ECONNREFUSED' || cause.code === 'ENOTFOUND';
};

const unreachable = (url: string, cause: unknown): CommandError =>
  new CommandError(
    `There is no broker at ${url} (${whyOf(cause)}). Is it running, and is that its address? --url or MILLRACE_URL names another.`,
    { cause },
  );

/** The answer of a fetch, its records as the text that they are. */
const readPage = (answer: Buffer): Page => {
  const records: JsonText[] = [];
  let nextOffset = 0;
  const reader = new JsonReader(answer, limits.jsonDepth + 4);
  reader.fields(() => {
    if (reader.name === 'records') reader.items(() => void records.push(reader.value()));
    else if (reader.name === 'nextOffset') nextOffset = Number(reader.value());
    else reader.skip();
  });
  return { records, nextOffset };
};
