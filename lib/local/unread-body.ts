import type { IncomingMessage } from 'node:http';
import type { Clock } from '../surroundings/clock.ts';

/** What is read away of a body that no longer matters. */
const most = { bytes: 64 * 1024 * 1024, ms: 1000 } as const;

/**
 * Bodies of requests that were decided on before all of them had come, as one that is too large. Many clients read no
 * answer before they have sent all, and where the connection ends meanwhile they see nothing but that (RFC 9112, 9.6).
 */
export class UnreadBodies {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #underWay = new WeakMap<IncomingMessage, AbortController>();

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** Resolves when the rest of the body has come, and was dropped, or is too much or too slow to be waited for. */
  async drop(request: IncomingMessage): Promise<void> {
    if (request.complete || request.destroyed) return;
    const over = new AbortController();
    this.#underWay.set(request, over);
    const end = (): void => over.abort();
    let bytes = 0;
    // Whoever read it before has stopped, and would keep it from flowing.
    request.removeAllListeners('data');
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > most.bytes) end();
    });
    for (const name of ['end', 'close', 'error']) request.once(name, end);
    request.resume();
    await this.#clock.sleep(most.ms, over.signal);
    for (const name of ['end', 'close', 'error']) request.off(name, end);
  }

  /** What still comes is no body: it is not waited for. @returns whether it was. */
  giveUp(request: IncomingMessage): boolean {
    const over = this.#underWay.get(request);
    over?.abort();
    return over !== undefined;
  }
}
