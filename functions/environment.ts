import { isIP } from 'node:net';
import { archiveDefaults } from '../lib/archive/options.ts';
import { rootKeyRule } from '../lib/domain/keys.ts';
import { limits } from '../lib/domain/limits.ts';
import { plainLine } from '../lib/domain/text/plain-text.ts';

/**
 * The only reader of `process.env`. Every setting is validated before anything else happens, all that is wrong is said
 * at once, and a name nobody knows is refused: a misspelt setting must not be a default in disguise.
 */

/** The environment does not hold what is needed. The message names each variable, and never a secret's value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

type Variables = Readonly<Record<string, string | undefined>>;

interface Setting<Value> {
  readonly meaning: string;
  /** @throws Error whose message ends the sentence "<NAME> …". */
  readonly parse: (text: string) => Value;
  /** What an absent variable means; without it the variable is required. */
  readonly absent?: () => Value;
}

const text = (meaning: string): Setting<string> => ({ meaning, parse: (value) => value });

const url = (meaning: string): Setting<string> => ({
  meaning,
  parse: (value) => {
    if (!URL.canParse(value)) throw new Error(`must be a URL, and is ${JSON.stringify(value)}`);
    return value;
  },
});

const wholeNumber = (meaning: string, { min, max, absent }: Record<'min' | 'max' | 'absent', number>) => ({
  meaning,
  parse: (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw new Error(`must be a whole number from ${min} to ${max}, and is ${JSON.stringify(value)}`);
    return number;
  },
  absent: () => absent,
});

const segments = {
  MILLRACE_SEGMENT_MAX_BYTES: wholeNumber('bytes of live log that seal a segment', {
    min: 1024,
    max: 1024 ** 3,
    absent: archiveDefaults.segmentMaxBytes,
  }),
  MILLRACE_SEGMENT_MAX_AGE_SECONDS: wholeNumber('seconds after which a segment is sealed', {
    min: 1,
    max: 30 * 86_400,
    absent: archiveDefaults.segmentMaxAgeMs / 1000,
  }),
};

const sweepSeconds = wholeNumber('seconds between sweeps', { min: 1, max: 86_400, absent: 300 });

/** What the stack sets for the functions on AWS. Each function reads those it needs. */
const functionSettings = {
  MILLRACE_LOG_TABLE: text('the name of the log table'),
  MILLRACE_STATE_TABLE: text('the name of the state table'),
  MILLRACE_WAKE_QUEUE_URL: url('the URL of the wake queue'),
  MILLRACE_ARCHIVE_QUEUE_URL: url('the URL of the archive queue'),
  MILLRACE_ARCHIVE_BUCKET: text('the name of the archive bucket'),
  MILLRACE_KEYRING_PARAMETER: text("the name of the keyring's parameter"),
  MILLRACE_SWEEP_SECONDS: sweepSeconds,
  ...segments,
} satisfies Record<string, Setting<unknown>>;

/** What the local runtime can be told: it makes its own tables, queue and bucket. */
const localSettings = {
  PORT: wholeNumber('the port to listen on; 0 takes a free one', { min: 0, max: 65_535, absent: 8080 }),
  HOST: {
    meaning: 'the address to listen at',
    // No name: some shells set HOST to that of the machine, which nobody meant for a broker.
    parse: (value: string): string => {
      if (isIP(value) === 0)
        throw new Error('must be an IP address, as 127.0.0.1, or 0.0.0.0 for every one of this machine');
      return value;
    },
    absent: () => '127.0.0.1',
  },
  MILLRACE_DATA_DIR: { ...text('the folder that holds everything'), absent: () => '.millrace' },
  MILLRACE_ADMIN_KEY: {
    meaning: 'the root key',
    parse: (value: string): string | undefined => {
      if (!rootKeyRule.pattern.test(value)) throw new Error(rootKeyRule.text);
      return value;
    },
    absent: () => undefined,
  },
  MILLRACE_SWEEP_SECONDS: sweepSeconds,
  ...segments,
  MILLRACE_TRIM_MIN_AGE_SECONDS: wholeNumber('seconds before which no batch is deleted', {
    min: 0,
    max: 30 * 86_400,
    absent: limits.trimMinAgeMs / 1000,
  }),
} satisfies Record<string, Setting<unknown>>;

/** What clients of Millrace look for in the same shell. To the broker they say nothing. */
const forClients: ReadonlySet<string> = new Set(['MILLRACE_URL', 'MILLRACE_KEY']);

type Values<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never;
};

const unknownNames = (settings: Record<string, Setting<unknown>>, variables: Variables): string[] =>
  Object.keys(variables)
    .filter((name) => name.startsWith('MILLRACE_') && !Object.hasOwn(settings, name) && !forClients.has(name))
    .map((name) => {
      const known = Object.keys(settings).join(', ');
      if (Object.hasOwn(functionSettings, name))
        return `${name} is for the functions on AWS: the local runtime makes its own. Known here: ${known}`;
      if (Object.hasOwn(localSettings, name))
        return `${name} is for the local runtime alone. Known here: ${known}`;
      return `${plainLine(name)} is not a setting of Millrace. Known here: ${known}`;
    });

const read = <Settings extends Record<string, Setting<unknown>>, Name extends keyof Settings & string>(
  settings: Settings,
  names: readonly Name[],
  variables: Variables,
): Pick<Values<Settings>, Name> => {
  const wrong = unknownNames(settings, variables);
  const values: Partial<Record<string, unknown>> = {};
  for (const name of names) {
    const setting: Setting<unknown> = settings[name] as Setting<unknown>;
    const given = variables[name];
    if (given === undefined || given === '') {
      if (setting.absent === undefined) wrong.push(`${name} is not set: it is ${setting.meaning}`);
      else values[name] = setting.absent();
      continue;
    }
    try {
      values[name] = setting.parse(given);
    } catch (error) {
      wrong.push(`${name} (${setting.meaning}) ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (wrong.length > 0) throw new EnvironmentError(wrong.join('\n'));
  return values as Pick<Values<Settings>, Name>;
};

export type FunctionSetting = keyof typeof functionSettings;

/**
 * The named settings of a function on AWS.
 * @throws EnvironmentError with a line for each variable that is missing, wrong or unknown.
 */
export const functionEnvironment = <Name extends FunctionSetting>(
  names: readonly Name[],
  variables: Variables = process.env,
): Pick<Values<typeof functionSettings>, Name> => read(functionSettings, names, variables);

export type LocalEnvironment = Values<typeof localSettings>;

/**
 * Every setting of the local runtime.
 * @throws EnvironmentError as `functionEnvironment` does.
 */
export const localEnvironment = (variables: Variables = process.env): LocalEnvironment =>
  read(localSettings, Object.keys(localSettings) as (keyof typeof localSettings)[], variables);

const loopback = /^(127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether an AWS on this machine runs the functions, as the deploy test has one: all of AWS is behind a loopback
 * address, and there is no `AWS_EXECUTION_ENV`, which Lambda itself sets and lets nobody change. Only then may the
 * functions call webhooks on loopback. No setting of a stack says so, so none can say it by mistake; and a function on
 * Lambda that was told of such an address would reach no table.
 */
export const awsIsOnLoopback = (variables: Variables = process.env): boolean => {
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_EXECUTION_ENV: environment } = variables;
  return environment === undefined && URL.canParse(endpoint) && loopback.test(new URL(endpoint).hostname);
};
