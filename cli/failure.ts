/** What a command cannot do, in words for whoever called it: they are all that is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What an error says, or what was thrown in its place. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
