import { whyNot } from '../../lib/stores/files/words.ts';
import { CommandError } from '../failure.ts';

/** Does what writes at a path. @throws CommandError that names it, says why it cannot be written, and what to do. */
export const writing = async <T>(path: string, write: () => T | Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `${path} cannot be written: ${whyNot(error)}. What was exported is kept: mend that, and the same command goes on from there; or give another --out.`,
      { cause: error },
    );
  }
};
