import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * One kept connection to a server on this machine, which asks one thing at a time. By hand over a socket: the clients at hand
 * take more CPU time than the server that is measured, and count latencies in whole ms.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #headers: string;
  #received: Buffer[] = [];
  #missing = 0;
  #answer: PromiseWithResolvers<Buffer> | undefined;

  private constructor(socket: Socket, key: string) {
    this.#socket = socket;
    this.#headers = `Host: 127.0.0.1\r\n${key === '' ? '' : `Authorization: Bearer ${key}\r\n`}`;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.once('error', (error) => this.#answer?.reject(error));
    socket.once('close', () => this.#answer?.reject(closedByServer()));
  }

  static async open(port: number, key: string): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket, key);
  }

  /** A request as bytes, to be sent as often as is wanted. @param headers lines of its head, each with its end. */
  request(method: string, path: string, body?: string, headers = ''): Buffer {
    const about =
      body === undefined
        ? ''
        : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${this.#headers}${headers}${about}\r\n${body ?? ''}`);
  }

  /** The body of its answer. Throws unless that is a 2xx, and where the server has closed the connection. */
  send(request: Buffer): Promise<Buffer> {
    this.#answer = Promise.withResolvers<Buffer>();
    if (this.#socket.closed) this.#answer.reject(closedByServer());
    else this.#socket.write(request);
    return this.#answer.promise;
  }

  async call(method: string, path: string, body?: string): Promise<string> {
    return (await this.send(this.request(method, path, body))).toString();
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? this.#begin(chunk) : chunk;
    if (bytes === undefined) return;
    this.#received.push(bytes);
    this.#missing -= bytes.length;
    if (this.#missing > 0) return;
    const body = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
    this.#received = [];
    this.#answer?.resolve(body);
  }

  /** What an answer's first bytes have of its body, perhaps none. They are its whole head, as servers here write it. */
  #begin(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf('\r\n\r\n') + 4;
    const head = chunk.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (!/^HTTP\/1\.1 2\d\d /.test(head) || length === undefined) {
      this.#answer?.reject(new Error(`Not an answer that counts: ${chunk.toString()}`));
      return undefined;
    }
    this.#missing = Number(length);
    return chunk.subarray(end);
  }
}

const closedByServer = (): Error => new Error('The server closed the connection.');
