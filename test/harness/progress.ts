const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Runs one step of a longer work and prints a line for it when it ends: what it was, how it ended, how long it took. */
export const step = async <T>(title: string, run: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const line = (sign: string): void =>
    console.log(`${sign} ${title.padEnd(56, ' ')} ${seconds(performance.now() - began).padStart(8, ' ')}`);
  try {
    const result = await run();
    line('✓');
    return result;
  } catch (error) {
    line('✗');
    throw error;
  }
};

/** What people are told in one line, without a stack: that the machine lacks something, say. */
export class PlainError extends Error {
  override readonly name = 'PlainError';
}
