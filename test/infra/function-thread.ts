import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Runs in the thread, which has the environment of one function: loads its bundle and answers events one by one. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const loading = import(workerData.file);
parentPort.on('message', async (event) => {
  try {
    const { handler } = await loading;
    const answer = await handler(event, { getRemainingTimeInMillis: () => 120000 });
    parentPort.postMessage({ answer });
  } catch (error) {
    parentPort.postMessage({ error: String(error?.stack ?? error) });
  }
});
`;

/** One function as Lambda runs it: its bundle in a place of its own, one event at a time. */
export class FunctionThread {
  readonly #worker: Worker;

  constructor(file: string, environment: Record<string, string>) {
    this.#worker = new Worker(program, {
      eval: true,
      workerData: { file },
      env: environment,
      stdout: true,
      stderr: true,
    });
  }

  /** What the handler answers. @throws Error with the stack of what it threw. */
  async invoke<Answer>(event: object): Promise<Answer> {
    this.#worker.postMessage(event);
    const [{ answer, error }] = (await once(this.#worker, 'message')) as [{ answer: Answer; error?: string }];
    if (error !== undefined) throw new Error(error);
    return answer;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
