import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Request } from './policies.ts';

export interface GatekeeperOptions {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly s3: string;
  /** Absent: nobody asks it. */
  readonly ssm?: string;
  /** What the name of a table, a bucket or a parameter, or a queue's URL, stands for: `StorageLog.Arn`. */
  readonly resourceOf: (name: string) => string;
  /** Whether the caller, known by its access key id, may do it. */
  readonly allows: (caller: string, request: Request) => boolean;
}

export interface Gatekeeper extends AsyncDisposable {
  readonly endpoint: string;
  /** Every request that was refused, as `caller: action on resource (keys)`. */
  readonly refused: string[];
  /** Every right that was used, as `caller: action on resource`. */
  readonly used: ReadonlySet<string>;
}

type Body = Record<string, unknown>;
/** One thing that is asked for. */
interface Asked extends Request {
  /** What `resourceOf` makes a resource of. */
  readonly name: string;
}

type Key = { readonly pk?: { readonly S?: string } };

/** What IAM sees of a call: a batch of messages is sent with the right to send one. */
const actionOf = (target: string): string => {
  const [service = '', operation = ''] = target.split('.');
  if (service === 'AmazonSSM') return `ssm:${operation}`;
  return service.startsWith('DynamoDB') ? `dynamodb:${operation}` : `sqs:${operation.replace(/Batch$/, '')}`;
};

/** Of a batch, by table: writes, or the keys of what is read. */
type Batch = Readonly<Record<string, readonly Record<string, Body>[] | { readonly Keys: readonly Key[] }>>;

const isBatch = (body: Body): body is { RequestItems: Batch } => 'RequestItems' in body;

const itemsIn = (batch: Batch): Body[] =>
  Object.values(batch).flatMap((items) =>
    'Keys' in items ? items.Keys.map((Key) => ({ Key })) : items.flatMap(Object.values<Body>),
  );

const namesIn = (body: Body): string[] =>
  isBatch(body)
    ? Object.keys(body.RequestItems)
    : [String(body['TableName'] ?? body['QueueUrl'] ?? body['Name'])];

const leadingKeysIn = (body: Body): string[] => {
  const items = isBatch(body) ? itemsIn(body.RequestItems) : [body];
  return items.flatMap((each) => {
    const key = (each['Key'] ?? each['Item']) as Key | undefined;
    const asked = (each['ExpressionAttributeValues'] as Record<string, { S?: string }> | undefined)?.[':pk'];
    return [key?.pk?.S ?? asked?.S ?? 'no partition key'];
  });
};

const objectActions: Readonly<Record<string, string>> = {
  GET: 's3:GetObject',
  PUT: 's3:PutObject',
  DELETE: 's3:DeleteObject',
};

/** What IAM sees of a request to S3, by its path: to list a bucket, or something with an object, or with each of several. */
const askedOfS3 = (incoming: IncomingMessage, content: string): Asked[] => {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://s3');
  const [, name = '', ...rest] = decodeURIComponent(pathname).split('/');
  const key = rest.join('/');
  const action = searchParams.has('delete') ? 's3:DeleteObject' : objectActions[incoming.method ?? ''];
  if (key === '' && !searchParams.has('delete')) return [{ name, action: 's3:ListBucket', resource: '' }];
  const keys =
    key === '' ? [...content.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, each = '']) => each) : [key];
  return keys.map((each) => ({ name, action: action ?? 'unknown', resource: `/${each}` }));
};

/** The same of a request to DynamoDB, SQS or Parameter Store. */
const askedOf = (incoming: IncomingMessage, content: string): Asked[] => {
  const target = incoming.headers['x-amz-target'];
  if (target === undefined) return askedOfS3(incoming, content);
  const body = JSON.parse(content) as Body;
  const action = actionOf(String(target));
  const leadingKeys = action.startsWith('dynamodb:') ? leadingKeysIn(body) : [];
  const context = 'Overwrite' in body ? { 'ssm:Overwrite': String(body['Overwrite']) } : {};
  return namesIn(body).map((name) => ({ name, action, resource: '', leadingKeys, context }));
};

const refusalOf = (action: string): { readonly type: string; readonly body: string } =>
  action.startsWith('s3:')
    ? { type: 'application/xml', body: '<Error><Code>AccessDenied</Code></Error>' }
    : {
        type: 'application/x-amz-json-1.0',
        body: JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException' }),
      };

/**
 * Stands between functions and an AWS that checks nobody's rights, and checks them: what the policies of the stack do
 * not allow is answered as AWS does.
 */
export const startGatekeeper = async (options: GatekeeperOptions): Promise<Gatekeeper> => {
  const refused: string[] = [];
  const used = new Set<string>();

  const isAllowed = (incoming: IncomingMessage, asked: readonly Asked[]): boolean => {
    const caller = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1] ?? 'nobody';
    return asked.every(({ name, action, resource: within, leadingKeys = [], context = {} }) => {
      const resource = `${options.resourceOf(name)}${within}`;
      const allowed = options.allows(caller, { action, resource, leadingKeys, context });
      if (allowed) used.add(`${caller}: ${action} on ${options.resourceOf(name)}`);
      else refused.push(`${caller}: ${action} on ${resource} (${leadingKeys.join()})`);
      return allowed;
    });
  };

  const serviceOf = (action: string): string => {
    if (action.startsWith('s3:')) return options.s3;
    if (action.startsWith('ssm:')) return options.ssm ?? options.dynamodb;
    return action.startsWith('sqs:') ? options.sqs : options.dynamodb;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const content = await buffer(incoming);
    const asked = askedOf(incoming, content.toString());
    const action = asked[0]?.action ?? '';
    if (!isAllowed(incoming, asked)) {
      const { type, body } = refusalOf(action);
      response.writeHead(action.startsWith('s3:') ? 403 : 400, { 'content-type': type }).end(body);
      return;
    }
    const behind = new URL(incoming.url ?? '/', serviceOf(action));
    const { method = 'POST', headers } = incoming;
    // A connection of its own: one that was kept may be closed at the other end just now.
    const forwarded = httpRequest(behind, { method, headers, agent: false });
    forwarded.end(content);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    used,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
