/** What AWS charges, as its pages say: list prices of this region in US dollars, without tax. */
export const region = 'us-east-1';

export interface Price {
  readonly usd: number;
  /** What it is for. */
  readonly per: string;
  /** What each account has free of it in a month, for ever; absent: nothing. */
  readonly free?: number;
  readonly source: string;
}

const cloudwatch = 'https://aws.amazon.com/cloudwatch/pricing/';
const dynamodb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const lambda = 'https://aws.amazon.com/lambda/pricing/';
const sqs = 'https://aws.amazon.com/sqs/pricing/';
const api = 'https://aws.amazon.com/api-gateway/pricing/';
const transfer = 'https://aws.amazon.com/ec2/pricing/on-demand/';
const s3 = 'https://aws.amazon.com/s3/pricing/';
const scheduler = 'https://aws.amazon.com/eventbridge/pricing/';

const million = 1_000_000;

export const prices = {
  alarm: {
    usd: 0.1,
    per: 'alarm of one metric, standard resolution, and month',
    free: 10,
    source: cloudwatch,
  },
  /** Charged by the hour in which it is sent. */
  metric: { usd: 0.3, per: 'own metric and month', free: 10, source: cloudwatch },
  /** Free are three of up to 50 metrics. */
  dashboard: { usd: 3, per: 'dashboard and month', free: 3, source: cloudwatch },
  logs: { usd: 0.5, per: 'GB of logs taken in', free: 5, source: cloudwatch },
  /** What carries more is several: a body of 5 MB ten. */
  apiRequest: {
    usd: 1 / million,
    per: 'request to an HTTP API, for each 512 KB that it begins',
    source: api,
  },
  dataOut: { usd: 0.09, per: 'GB sent to the internet', free: 100, source: transfer },
  queueRequest: { usd: 0.4 / million, per: 'request to a standard queue', free: million, source: sqs },
  lambdaCall: { usd: 0.2 / million, per: 'call of a function', free: million, source: lambda },
  lambdaGbSecond: { usd: 0.0000133334, per: 'GB-second on arm64', free: 400_000, source: lambda },
  scheduled: { usd: 1 / million, per: 'call by a schedule', free: 14 * million, source: scheduler },
  readUnit: { usd: 0.125 / million, per: 'read unit', source: dynamodb },
  writeUnit: { usd: 0.625 / million, per: 'write unit', source: dynamodb },
  /** GetRecords by Lambda's own trigger is free: the same page. */
  storage: { usd: 0.25, per: 'GB in a table and month', free: 25, source: dynamodb },
  objectPut: { usd: 5 / million, per: 'object put into S3 Standard', source: s3 },
  objectGet: { usd: 0.4 / million, per: 'range read of an object', source: s3 },
  objectStorage: { usd: 0.023, per: 'GB in S3 Standard and month', source: s3 },
  pointInTimeRecovery: { usd: 0.2, per: 'GB that can be restored and month', source: dynamodb },
} as const satisfies Record<string, Price>;

/**
 * What a request on a fair queue is said to cost beside `queueRequest`. The pages of AWS that could be read have no price of
 * their own for it, so that no sum has it in it.
 */
export const fairQueueSurcharge: Price = {
  usd: 0.1 / million,
  per: 'request on a standard queue whose messages name their group',
  source: 'https://cloudburn.io/blog/amazon-sqs-pricing',
};

export const hoursOfAMonth = 730;

/**
 * Lambda's pollers ask a queue without end, each by long polls of 20 s. There are five, and fewer only where no maximum
 * concurrency is set: "this optimization is not available when you enable the maximum concurrency setting",
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const pollersOfAQueue = 5;
export const pollSeconds = 20;
