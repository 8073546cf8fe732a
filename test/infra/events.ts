/** A request as the HTTP API hands it to a function (payload version 2). */
export const httpEvent = (
  method: string,
  path: string,
  { key, query = '', body }: { key?: string; query?: string; body?: unknown } = {},
): object => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: query,
  headers: {
    host: 'broker.example.com',
    'content-type': 'application/json',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  },
  requestContext: {
    requestId: 'gateway-request-1',
    stage: '$default',
    domainName: 'broker.example.com',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
  },
  body: body === undefined ? null : JSON.stringify(body),
  isBase64Encoded: false,
});
