import { CommandError } from '../failure.ts';

/**
 * Loads modules that use DuckDB, which is a development dependency and has a library for each kind of machine.
 * @throws CommandError where it is not installed.
 */
export const whereInstalled = async <Modules>(load: () => Promise<Modules>): Promise<Modules> => {
  try {
    return await load();
  } catch (cause) {
    const message = 'DuckDB is not installed for this machine: npm ci --include=dev installs it.';
    throw new CommandError(message, { cause });
  }
};
