import * as z from 'zod';
import { archiveDefaults } from '../lib/archive/options.ts';

/** What CloudWatch Logs can keep. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** A number, also as `cdk -c name=value` gives it: text. */
const whole = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  );

const megabytes = whole(128, 10_240);

/** Yes or no, also as text. */
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);

/**
 * What Lambda leaves to the functions that reserve nothing: a reservation that would take of it fails the deploy
 * (docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html). In accounts with a low quota it has named less in
 * its refusals, 10 or 50 (github.com/aws-samples/one-observability-demo/issues/278, github.com/milliHQ/terraform-aws-next-js/issues/251):
 * what it is there AWS does not say, so that what it does say holds here.
 */
const unreserved = 100;

/** A twentieth of the account, so that deliveries to slow endpoints leave room for appends; at least what SQS allows. */
const defaultDeliverConcurrency = (quota: number): number =>
  Math.min(50, Math.max(2, Math.floor(quota / 20)));

const defaultArchiveConcurrency = (quota: number): number =>
  Math.min(10, Math.max(2, Math.floor(quota / 50)));

interface Concurrency {
  readonly concurrencyQuota: number;
  readonly archiveMaxConcurrency?: number | undefined;
  readonly produceReservedConcurrency?: number | undefined;
  readonly onAppendReservedConcurrency?: number | undefined;
  readonly deliverMaxConcurrency?: number | undefined;
}

const reserved = ({ produceReservedConcurrency = 0, onAppendReservedConcurrency = 0 }: Concurrency): number =>
  produceReservedConcurrency + onAppendReservedConcurrency;

const deliverConcurrency = ({ deliverMaxConcurrency, concurrencyQuota }: Concurrency): number =>
  deliverMaxConcurrency ?? defaultDeliverConcurrency(concurrencyQuota);

const archiveConcurrency = ({ archiveMaxConcurrency, concurrencyQuota }: Concurrency): number =>
  archiveMaxConcurrency ?? defaultArchiveConcurrency(concurrencyQuota);

const schema = z
  .strictObject({
    /** `production` keeps the tables, the bucket and the logs; the others delete them with the stack. */
    stage: z.enum(['production', 'staging', 'development']),
    /**
     * In production: nobody deletes the tables or the stack before it is off again. For a stack that stands: were it on
     * from the start, neither CloudFormation nor the CDK could clear away a first deploy that failed.
     */
    protect: flag.default(false),
    stackName: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a letter, then at most 63 letters, digits and hyphens')
      .optional(),
    /** Where the stack goes; absent: where the caller's credentials point. */
    account: z
      .string()
      .regex(/^\d{12}$/, '12 digits')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'the name of a region, as eu-west-1')
      .optional(),
    domainName: z
      .string()
      .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'a host name, as broker.example.com')
      .optional(),
    /** The certificate of `domainName`, in the stack's region. */
    certificateArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/, 'the ARN of an ACM certificate')
      .optional(),
    logRetentionDays: z
      .preprocess((value) => (typeof value === 'string' ? Number(value) : value), z.literal(retentionDays))
      .default(30),
    /** Whether the log table too can be restored to any second; the state table always can. */
    logPointInTimeRecovery: flag.default(true),
    /**
     * Requests per second of the whole API, and how many more at once. Beyond: 429. Anybody can send requests, which cost
     * money though they are refused: at 100 a second 8.64 million a day, for which `npm run price` names the price. A request may carry a thousand records, so raise it for clients that you know, not by default.
     */
    throttleRate: whole(1, 10_000).default(100),
    throttleBurst: whole(1, 5_000).default(200),
    produceMemoryMb: megabytes.default(1024),
    consumeMemoryMb: megabytes.default(256),
    pullMemoryMb: megabytes.default(256),
    acksMemoryMb: megabytes.default(256),
    adminMemoryMb: megabytes.default(512),
    onAppendMemoryMb: megabytes.default(256),
    deliverMemoryMb: megabytes.default(512),
    sweepMemoryMb: megabytes.default(256),
    /** A whole processor of Lambda's: what seals a segment is work for one. */
    archiveMemoryMb: megabytes.default(1769),
    /** Lambda's quota _Concurrent executions_ of the account in the region. New accounts may have 10. */
    concurrencyQuota: whole(10, 1_000_000).default(1000),
    /** Of it, what is kept for appends, and for what turns them into wakes: what others do cannot stop them then. */
    produceReservedConcurrency: whole(1, 1_000_000).optional(),
    onAppendReservedConcurrency: whole(1, 1_000_000).optional(),
    /**
     * Runs of deliver at once; each carries several wakes. What bounds the load on all endpoints together. Absent: a
     * twentieth of the quota, from 2 to 50.
     */
    deliverMaxConcurrency: whole(2, 1000).optional(),
    /** Partitions that are archived at once. Absent: a fiftieth of the quota, from 2 to 10. */
    archiveMaxConcurrency: whole(2, 1000).optional(),
    /** A part of the log is archived when it has so many bytes, as it is stored, or is so old. */
    segmentMaxBytes: whole(1024 ** 2, 64 * 1024 ** 2).default(archiveDefaults.segmentMaxBytes),
    segmentMaxAgeSeconds: whole(60, 30 * 86_400).default(archiveDefaults.segmentMaxAgeMs / 1000),
    /** A table of the Glue catalogue, by which Athena queries the archive. */
    glue: flag.default(false),
    /** Minutes between sweeps: how long what no wake was queued for may wait. */
    sweepMinutes: whole(1, 60).default(5),
    /** Minutes that a record may wait for its group before somebody is alarmed. */
    alarmLagMinutes: whole(1, 1440).default(15),
    /** Minutes by which the archive of a partition may be late before somebody is alarmed. */
    alarmArchiveLagMinutes: whole(15, 1440).default(120),
    /**
     * Faults of functions, or answers with 5xx, in five minutes, from which on somebody is alarmed if most of twenty minutes
     * are so. One is for small stacks, which are broken by one; a busy one has some in most of its minutes.
     */
    alarmFaults: whole(1, 1_000_000).default(1),
    /** Who is alarmed: an address that gets mail, or a topic that stands already. Absent: alarms only show. */
    alarmEmail: z.email('an email address').optional(),
    alarmTopicArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'the ARN of an SNS topic')
      .optional(),
  })
  .refine((settings) => (settings.domainName === undefined) === (settings.certificateArn === undefined), {
    path: ['domainName'],
    message: 'domainName and certificateArn are set together, or neither',
  })
  .refine(
    (settings) => reserved(settings) === 0 || reserved(settings) + unreserved <= settings.concurrencyQuota,
    {
      path: ['concurrencyQuota'],
      message: `what produceReservedConcurrency and onAppendReservedConcurrency reserve must leave ${unreserved} of it to all other functions of the account`,
    },
  )
  .refine((settings) => reserved(settings) + deliverConcurrency(settings) <= settings.concurrencyQuota, {
    path: ['deliverMaxConcurrency'],
    message: 'more than concurrencyQuota has without what is reserved',
  })
  .refine((settings) => reserved(settings) + archiveConcurrency(settings) <= settings.concurrencyQuota, {
    path: ['archiveMaxConcurrency'],
    message: 'more than concurrencyQuota has without what is reserved',
  });

export type Settings = z.output<typeof schema> & {
  readonly deliverMaxConcurrency: number;
  readonly archiveMaxConcurrency: number;
};

/** A setting in the CDK context is wrong. The message names it and says what is allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Keys of the context that are not ours (feature flags, look-ups) hold a colon or a slash. */
const isOurs = (key: string): boolean => !/[:/]/.test(key);

const describe = (issue: z.core.$ZodIssue, given: Record<string, unknown>): string => {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.join(', ')}: no such setting. Known: ${Object.keys(schema.shape).join(', ')}`;
  const name = issue.path.map(String).join('.');
  const value = Object.hasOwn(given, name) ? `, and is ${JSON.stringify(given[name])}` : '';
  return `${name}: ${issue.message}${value}`;
};

/**
 * The settings of a stack from the CDK context: `cdk.json`, or `-c name=value`.
 * @throws SettingsError with a line for each setting that is wrong or unknown.
 */
export const readSettings = (context: Readonly<Record<string, unknown>>): Settings => {
  const given = Object.fromEntries(Object.entries(context).filter(([key]) => isOurs(key)));
  const read = schema.safeParse(given);
  if (read.success)
    return {
      ...read.data,
      deliverMaxConcurrency: deliverConcurrency(read.data),
      archiveMaxConcurrency: archiveConcurrency(read.data),
    };
  const lines = read.error.issues.map((issue) => `  ${describe(issue, given)}`);
  throw new SettingsError(`Wrong settings (cdk.json "context", or -c name=value):\n${lines.join('\n')}`);
};

/** Whether data outlives the stack. */
export const keepsData = (settings: Settings): boolean => settings.stage === 'production';

/** Whether the stack and its tables refuse to be deleted. */
export const isProtected = (settings: Settings): boolean => keepsData(settings) && settings.protect;
