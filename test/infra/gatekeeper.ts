import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Request } from './policies.ts';

export interface GatekeeperOptions {
  readonly dynamodb: string;
  readonly sqs: string;
  /** What a table's name, or a queue's URL, stands for: `StorageLog.Arn`. */
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
type Key = { readonly pk?: { readonly S?: string } };

/** What IAM sees of a call: a batch of messages is sent with the right to send one. */
const actionOf = (target: string): string => {
  const [service = '', operation = ''] = target.split('.');
  return service.startsWith('DynamoDB') ? `dynamodb:${operation}` : `sqs:${operation.replace(/Batch$/, '')}`;
};

const isBatch = (body: Body): body is { RequestItems: Record<string, Record<string, Body>[]> } =>
  'RequestItems' in body;

const namesIn = (body: Body): string[] =>
  isBatch(body) ? Object.keys(body.RequestItems) : [String(body['TableName'] ?? body['QueueUrl'])];

const leadingKeysIn = (body: Body): string[] => {
  const written = isBatch(body)
    ? Object.values(body.RequestItems)
        .flat()
        .flatMap(Object.values<Body>)
    : [body];
  return written.flatMap((each) => {
    const key = (each['Key'] ?? each['Item']) as Key | undefined;
    const asked = (each['ExpressionAttributeValues'] as Record<string, { S?: string }> | undefined)?.[':pk'];
    return [key?.pk?.S ?? asked?.S ?? 'no partition key'];
  });
};

/**
 * Stands between functions and an AWS that checks nobody's rights, and checks them: what the policies of the stack do
 * not allow is answered as AWS does.
 */
export const startGatekeeper = async (options: GatekeeperOptions): Promise<Gatekeeper> => {
  const refused: string[] = [];
  const used = new Set<string>();

  const isAllowed = (incoming: IncomingMessage, body: Body, action: string): boolean => {
    const caller = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1] ?? 'nobody';
    const leadingKeys = action.startsWith('dynamodb:') ? leadingKeysIn(body) : [];
    return namesIn(body).every((name) => {
      const resource = options.resourceOf(name);
      const allowed = options.allows(caller, { action, resource, leadingKeys });
      if (allowed) used.add(`${caller}: ${action} on ${resource}`);
      else refused.push(`${caller}: ${action} on ${resource} (${leadingKeys.join()})`);
      return allowed;
    });
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const content = await buffer(incoming);
    const action = actionOf(String(incoming.headers['x-amz-target']));
    if (!isAllowed(incoming, JSON.parse(content.toString()) as Body, action)) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException' }));
      return;
    }
    const behind = new URL(incoming.url ?? '/', action.startsWith('sqs:') ? options.sqs : options.dynamodb);
    const { method = 'POST', headers } = incoming;
    const forwarded = httpRequest(behind, { method, headers });
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
