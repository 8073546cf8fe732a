import type { GivenAnswer } from '../harness/description.ts';

/** One answer of the interface. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text where it is something else; undefined when there was no body. */
  readonly body: unknown;
}

export interface Record {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly valueBase64?: string;
  readonly headers?: { readonly [name: string]: string };
}

export interface Page {
  readonly records: readonly Record[];
  readonly nextOffset: number;
  readonly startOffset: number;
  readonly endOffset: number;
}

const isWritten = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array;

const parsed = (response: Response, text: string): unknown =>
  /[/+]json\b/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;

/** Millrace as whoever has its address and a key sees it. */
export class Client {
  protected readonly url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.url = url;
    this.#key = key;
  }

  /** Sends one request. A `body` that is text or bytes goes as it is, anything else as JSON. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: { readonly [name: string]: string } = {},
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isWritten(body) ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    await this.answered(method, path, { status: response.status, headers: response.headers, text });
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : parsed(response, text),
    };
  }

  /** Sees every answer as it came, before anybody else does. */
  protected answered(_method: string, _path: string, _answer: GivenAnswer): Promise<void> {
    return Promise.resolve();
  }

  /**
   * As `call`, for when nothing but success will do.
   * @throws Error with the whole answer when the status is not 2xx.
   */
  async ok<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.call(method, path, body);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Body;
  }

  async produce(
    topic: string,
    records: readonly unknown[],
  ): Promise<readonly { partition: number; offset: number; timestamp: string }[]> {
    const path = `/v1/topics/${topic}/records`;
    const { results } = await this.ok<{
      results: readonly { partition: number; offset: number; timestamp: string }[];
    }>('POST', path, { records });
    return results;
  }

  fetch(topic: string, partition: number, query: string): Promise<Page> {
    return this.ok<Page>('GET', `/v1/topics/${topic}/partitions/${partition}/records?${query}`);
  }
}

/**
 * Asks again and again until `done` says yes, and gives what it said yes to.
 * @throws Error naming `what`, with the last value, when `withinMs` is over.
 */
export const eventually = async <Value>(
  what: string,
  look: () => Value | Promise<Value>,
  done: (value: Value) => boolean,
  withinMs = 60_000,
): Promise<Value> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await look();
    if (done(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${withinMs} ms; last seen ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
