/** What a command cannot do, in words for whoever called it: they are all that is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
