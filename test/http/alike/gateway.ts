import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Part, paths } from '../../../lib/http/paths.ts';
import type { WireRequest } from './wire.ts';

/**
 * What an HTTP API makes of a path, as captured on AWS (github.com/hotsock/voker, vokerhttp/testdata): escapes are
 * decoded, what follows a `?` then is cut off, and escapes are decoded once more. Undefined: it answers 400 itself.
 */
export const gatewayPath = (path: string): string | undefined => {
  try {
    return decodeURIComponent(decodeURIComponent(path).replace(/\?.*$/s, ''));
  } catch {
    return undefined;
  }
};

const routes = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, part]) =>
    (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((each) => ({
      key: `${each} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
      method: each,
      pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
      part,
    })),
  ),
);

/** Which function's it is. The stack has routes to produce and consume; the rest is the default route's, admin. */
const routed = (method: string, path: string): { readonly key: string; readonly part: Part } => {
  const route = routes.find((each) => each.method === method && each.pattern.test(path));
  return route === undefined || route.part === 'admin' ? { key: '$default', part: 'admin' } : route;
};

const grouped = (pairs: Iterable<readonly [string, string]>): Record<string, string> => {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(values);
};

/** What comes as text, by the content type alone; as the HTTP APIs of AWS were seen to do it (see lib/http/bytes/event-room.ts). */
const isText = (contentType: string): boolean =>
  /^\s*(?:text\/.*|application\/(?:json|xml|javascript)\s*)(?:;|$)/i.test(contentType);

/**
 * The event of payload version 2 for a request, as
 * docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html shows it: the path
 * decoded, the query not, header names in lower case, repeated headers and parameters joined by commas, cookies apart.
 * Undefined where the gateway answers 400 itself.
 */
export const gatewayEvent = ({
  method,
  target,
  headers,
  body,
}: WireRequest): { readonly event: APIGatewayProxyEventV2; readonly part: Part } | undefined => {
  const [, rawPath = '', rawQueryString = ''] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
  const path = gatewayPath(rawPath);
  if (path === undefined) return undefined;
  const { key, part } = routed(method, path);
  const lowered = headers.map(
    ([name, value]) => [name.toLowerCase(), Buffer.from(value, 'latin1').toString()] as const,
  );
  const cookies = lowered.filter(([name]) => name === 'cookie').flatMap(([, value]) => value.split('; '));
  const parameters = grouped(new URLSearchParams(rawQueryString));
  const all = grouped(lowered.filter(([name]) => name !== 'cookie'));
  const isBase64Encoded = body.byteLength > 0 && !isText(all['content-type'] ?? '');
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: key,
    rawPath: path,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...all,
      ...(body.byteLength > 0 && { 'content-length': String(body.byteLength) }),
      'x-amzn-trace-id': 'Root=1-63441c4a-abcdef012345678912345678',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(rawQueryString !== '' && { queryStringParameters: parameters }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'api-id',
      domainName: 'api-id.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'api-id',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'agent' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: key,
      stage: '$default',
      time: '10/Mar/2026:05:16:23 +0000',
      timeEpoch: 1773119783000,
    },
    ...(body.byteLength > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
  return { event, part };
};
