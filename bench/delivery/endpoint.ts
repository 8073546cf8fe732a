import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  readonly data: { readonly records: readonly { readonly value: unknown }[] };
}

/** Between two answers to those that waited: a broker is not asked to go on with all of them at once. */
const recoveryPauseMs = 20;

/** A webhook on loopback that acknowledges everything at once, or keeps its callers waiting while it hangs. */
export class Endpoint {
  readonly #server: Server;
  /** What answers each request that waits. */
  readonly #held = new Set<() => void>();
  #hangs = false;
  #acknowledged = 0;

  private constructor(onRecord: (value: unknown) => void) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { data } = JSON.parse(Buffer.concat(chunks).toString()) as Message;
        const acknowledge = (): void => {
          for (const { value } of data.records) onRecord(value);
          this.#acknowledged += data.records.length;
          response.writeHead(204).end();
        };
        if (!this.#hangs) return acknowledge();
        this.#held.add(acknowledge);
        response.on('close', () => this.#held.delete(acknowledge));
      });
    });
  }

  static async start(onRecord: (value: unknown) => void = () => undefined): Promise<Endpoint> {
    const endpoint = new Endpoint(onRecord);
    endpoint.#server.listen(0, '127.0.0.1');
    await once(endpoint.#server, 'listening');
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Requests that wait for an answer. */
  get held(): number {
    return this.#held.size;
  }

  /** Records that were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  hang(): void {
    this.#hangs = true;
  }

  /** Answers from now on, and then those that wait, one after the other. */
  async recover(): Promise<void> {
    this.#hangs = false;
    for (const acknowledge of [...this.#held]) {
      if (this.#held.delete(acknowledge)) acknowledge();
      await new Promise((resolve) => setTimeout(resolve, recoveryPauseMs));
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
