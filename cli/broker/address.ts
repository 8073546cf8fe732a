import { CommandError } from '../failure.ts';

/** Where a broker is, and what lets one in. */
export interface Address {
  /** As `http://127.0.0.1:8080`; a path goes before the interface's own. */
  readonly url: string;
  readonly key: string;
}

/** The options of every command that speaks to a broker. */
export const addressArgs = {
  url: {
    type: 'string',
    description: 'The address of the broker. Without: MILLRACE_URL, or http://127.0.0.1:8080',
  },
  'api-key': {
    type: 'string',
    description: 'An API key. Without: MILLRACE_KEY, which the list of processes does not show',
  },
} as const;

const localUrl = 'http://127.0.0.1:8080';

/**
 * The address as the command line says it, else the environment.
 * @throws CommandError
 */
export const addressOf = (
  given: { readonly url?: string | undefined; readonly 'api-key'?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): Address => {
  const url = given.url ?? environment['MILLRACE_URL'] ?? localUrl;
  const key = given['api-key'] ?? environment['MILLRACE_KEY'];
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new CommandError(`--url: an address such as ${localUrl}, not ${JSON.stringify(url)}.`);
  if (key === undefined || key === '')
    throw new CommandError(
      'Give an API key: --api-key, or MILLRACE_KEY. npm start prints the root key of its broker.',
    );
  return { url: url.replace(/\/+$/, ''), key };
};
