import { entryOf, type FunctionName, functionNames } from '../../infra/constructs/bundling.ts';

export type BareName =
  | 'bare-dynamodb'
  | 'bare-dynamodb-sqs'
  | 'bare-dynamodb-s3'
  | 'bare-dynamodb-sqs-ssm'
  | 'bare-dynamodb-sqs-s3-ssm';

/** A handler that is started again and again. */
export interface Program {
  readonly name: string;
  readonly entry: string;
  /** What it is called with, once. */
  readonly event: unknown;
}

/** A function, the bare handler of the same clients, and what is said of how it is called. */
export interface Pair {
  readonly name: FunctionName;
  readonly program: Program;
  readonly bare: Program;
  readonly called: string;
}

const request = (method: string, path: string): object => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'broker.example.com', 'content-type': 'application/json' },
  requestContext: {
    requestId: 'request-1',
    stage: '$default',
    domainName: 'broker.example.com',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'bench' },
  },
  ...(method === 'POST' && { body: '{"records":[{"value":1}]}' }),
  isBase64Encoded: false,
});

/** Nobody waits for the function that makes the keyring, but a deploy. */
const isMeasured = (name: FunctionName): name is Measured => name !== 'keyring';
type Measured = Exclude<FunctionName, 'keyring'>;

interface Call {
  readonly bare: BareName;
  readonly event: unknown;
  readonly called: string;
  /** What the bare handler is called with. */
  readonly bareEvent?: object;
}

/** Events as AWS sends them, answered without a request to AWS where that can be. */
const calls: Readonly<Record<Measured, Call>> = {
  produce: {
    bare: 'bare-dynamodb',
    event: request('POST', '/v1/topics/orders/records'),
    called: 'a request without a key, answered 401',
  },
  consume: {
    bare: 'bare-dynamodb-s3',
    event: request('GET', '/v1/topics/orders/partitions/0/records'),
    called: 'a request without a key, answered 401',
  },
  pull: {
    bare: 'bare-dynamodb-s3',
    event: request('POST', '/v1/topics/orders/groups/workers/poll'),
    called: 'a request without a key, answered 401',
  },
  acks: {
    bare: 'bare-dynamodb-sqs-ssm',
    event: request('POST', '/v1/acks/none'),
    called: 'an acknowledgement by what is no token, answered 403',
  },
  admin: {
    bare: 'bare-dynamodb-sqs-s3-ssm',
    event: request('GET', '/v1/topics'),
    called: 'a request without a key, answered 401',
  },
  'on-append': {
    bare: 'bare-dynamodb-sqs',
    event: { Records: [{ eventName: 'REMOVE', dynamodb: { Keys: { pk: { S: 'T/0' }, sk: { N: '0' } } } }] },
    called: 'a deletion in the stream, which wakes nobody',
  },
  deliver: {
    bare: 'bare-dynamodb-sqs-s3-ssm',
    event: { Records: [] },
    called: 'an event of no wakes',
  },
  sweep: {
    bare: 'bare-dynamodb-sqs-s3-ssm',
    event: {},
    called: 'the schedule, over empty tables: two queries, also by its bare handler',
    bareEvent: { queries: 2 },
  },
  archive: {
    bare: 'bare-dynamodb-s3',
    event: { Records: [] },
    called: 'an event of no tasks',
  },
  describe: {
    // It has no client: beside it stands the bare handler that has the fewest.
    bare: 'bare-dynamodb',
    event: request('GET', '/v1/openapi.json'),
    called: 'the description, which it makes then',
  },
};

const bareEntry = (name: BareName): string => new URL(`./${name}.ts`, import.meta.url).pathname;

export const pairs: readonly Pair[] = functionNames.filter(isMeasured).map((name) => {
  const { bare, event, called, bareEvent = {} } = calls[name];
  return {
    name,
    called,
    program: { name, entry: entryOf(name), event },
    bare: { name: `${name}-bare`, entry: bareEntry(bare), event: bareEvent },
  };
});
