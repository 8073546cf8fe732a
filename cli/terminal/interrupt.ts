/** Ctrl+C goes to npm and to the command, and npm sends it on: what comes so soon after the first is the same one. */
const sameSignalMs = 250;

/** The command was told to end; what it did is kept. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** Aborts when the process is told to end. Told once more, it ends at once. */
export const whenInterrupted = (): AbortSignal => {
  const stopping = new AbortController();
  let begunAt: number | undefined;
  const stop = (): void => {
    if (begunAt !== undefined && performance.now() - begunAt > sameSignalMs) process.exit(130);
    begunAt ??= performance.now();
    stopping.abort(new InterruptedError('Interrupted. The same command goes on from here.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return stopping.signal;
};
