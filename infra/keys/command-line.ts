import { parseArgs } from 'node:util';
import { type Scope, scopes } from '../../lib/domain/keys.ts';
import { isName } from '../../lib/domain/text/names.ts';
import { parseTimestamp } from '../../lib/domain/text/timestamps.ts';

export const usage = `Usage, with AWS credentials that may read the stack and write its state table:

  npm run keys -- create --stack <stack> --name <name> --scope <scope>… [--topic <name or prefix*>…] [--expires <ISO 8601>]
  npm run keys -- list   --stack <stack>
  npm run keys -- revoke --stack <stack> <key id>

  --scope    ${scopes.join(', ')}; may be repeated. admin implies the others
  --topic    what the key is confined to, such as orders or billing-*; may be repeated. Without: every topic
  --expires  when it stops working, such as 2030-01-31T00:00:00Z. Without: never
  --table    the name of the state table, instead of --stack
  --region   where the stack is, such as eu-west-1. Without: AWS_REGION, AWS_DEFAULT_REGION or CDK_DEFAULT_REGION, else the
             profile's region
  --profile  the profile of the AWS configuration whose credentials are used. Without: AWS_PROFILE, or what the
             environment has`;

/** The command line is wrong. The message says what, and what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Where the keys are: the stack whose output names the state table, or the table itself. */
export type Target = { readonly stack: string } | { readonly table: string };

/** Which account and region they are in, as far as the command line says. */
export interface Account {
  readonly region?: string;
  readonly profile?: string;
}

export type KeysCommand = { readonly account: Account } & KeysTask;

export type KeysTask =
  | {
      readonly kind: 'create';
      readonly target: Target;
      readonly name: string;
      readonly scopes: readonly Scope[];
      readonly topics?: readonly string[];
      /** Wall clock ms. */
      readonly expiresAt?: number;
    }
  | { readonly kind: 'list'; readonly target: Target }
  | { readonly kind: 'revoke'; readonly target: Target; readonly keyId: string };

const options = {
  stack: { type: 'string' },
  table: { type: 'string' },
  name: { type: 'string' },
  scope: { type: 'string', multiple: true },
  topic: { type: 'string', multiple: true },
  expires: { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
} as const;

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

type Given = ReturnType<typeof parse>['values'];

/**
 * What the command line asks for.
 * @param now Wall clock ms: a key cannot have expired before it is made.
 * @throws UsageError
 */
export const readCommand = (args: readonly string[], now: number): KeysCommand => {
  const { values, positionals } = parse(args);
  return { ...readTask(values, positionals, now), account: accountOf(values) };
};

const readTask = (values: Given, [kind, ...rest]: readonly string[], now: number): KeysTask => {
  switch (kind) {
    case 'create':
      refuseWords(rest);
      return { kind, target: targetOf(values), ...grantOf(values, now) };
    case 'list':
      refuseWords(rest);
      refuseOptions(kind, values);
      return { kind, target: targetOf(values) };
    case 'revoke':
      refuseWords(rest.slice(1));
      refuseOptions(kind, values);
      return { kind, target: targetOf(values), keyId: keyIdOf(rest[0]) };
    case undefined:
      throw new UsageError('Say what to do: create, list or revoke.');
    default:
      throw new UsageError(`There is no command ${JSON.stringify(kind)}: it is create, list or revoke.`);
  }
};

const refuseWords = (words: readonly string[]): void => {
  if (words.length > 0) throw new UsageError(`Not understood: ${words.join(' ')}`);
};

const refuseOptions = (kind: string, given: Given): void => {
  for (const name of ['name', 'scope', 'topic', 'expires'] as const)
    if (given[name] !== undefined) throw new UsageError(`--${name} is for create, not for ${kind}.`);
};

const targetOf = ({ stack, table }: Given): Target => {
  if ((stack === undefined) === (table === undefined))
    throw new UsageError('Give either --stack (the name of the deployed stack) or --table.');
  return stack === undefined ? { table: table ?? '' } : { stack };
};

const accountOf = ({ region, profile }: Given): Account => {
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new UsageError(`--region: the name of a region, such as eu-west-1, not ${JSON.stringify(region)}`);
  if (profile === '') throw new UsageError('--profile: the name of a profile.');
  return { ...(region === undefined ? {} : { region }), ...(profile === undefined ? {} : { profile }) };
};

const keyIdOf = (text: string | undefined): string => {
  if (text === undefined) throw new UsageError('Say which key to revoke: its id, as list shows it.');
  if (/^[0-9a-f]{20}$/.test(text)) return text;
  // Perhaps the key itself, which must not be repeated.
  throw new UsageError('A key is revoked by its id: 20 hex digits, as list shows it.');
};

const grantOf = (given: Given, now: number) => {
  const { name } = given;
  if (name === undefined) throw new UsageError('Give the key a --name, by which people know it.');
  if (!isName(name))
    throw new UsageError(
      '--name: letters, digits, dots, underscores and hyphens, 128 at most, not a dot first.',
    );
  const expiresAt = given.expires === undefined ? undefined : expiry(given.expires, now);
  return {
    name,
    scopes: scopesOf(given.scope ?? []),
    ...(given.topic === undefined ? {} : { topics: given.topic.map(topicPattern) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
};

const isScope = (text: string): boolean => (scopes as readonly string[]).includes(text);

const scopesOf = (given: readonly string[]): readonly Scope[] => {
  const wrong = given.find((scope) => !isScope(scope));
  if (wrong !== undefined || given.length === 0)
    throw new UsageError(
      `--scope: one or more of ${scopes.join(', ')}${wrong === undefined ? '' : `, not ${wrong}`}.`,
    );
  return scopes.filter((scope) => given.includes(scope));
};

const topicPattern = (pattern: string): string => {
  if (pattern === '*' || isName(pattern) || (pattern.endsWith('*') && isName(pattern.slice(0, -1))))
    return pattern;
  throw new UsageError(`--topic: the name of a topic, or the beginning of one and *, not ${pattern}`);
};

const expiry = (text: string, now: number): number => {
  const ms = parseTimestamp(text);
  if (ms === undefined) throw new UsageError(`--expires: a time such as 2030-01-31T00:00:00Z, not ${text}`);
  if (ms <= now) throw new UsageError(`--expires: ${text} is past.`);
  return ms;
};
