import { METHODS } from 'node:http';
import type { APIGatewayProxyEventV2, Context as LambdaContext } from 'aws-lambda';
import type { Context } from 'hono';
import { Problem } from '../lib/domain/errors.ts';
import { limits } from '../lib/domain/limits.ts';
import type { Api } from '../lib/http/api.ts';
import { problemResponse } from '../lib/http/problems.ts';
import { requestTarget, unknownMethod } from '../lib/http/target.ts';
import type { FunctionTelemetry } from './telemetry.ts';

export interface HttpFunction {
  readonly app: Api;
  readonly telemetry: Pick<FunctionTelemetry, 'flush'>;
  /** Ends what the function has under way. Called when its time is nearly up, and before every return. */
  readonly abandon?: () => Promise<void>;
}

/** What the HTTP API makes an answer of. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** What is left to answer with when the rest was abandoned. */
const answerMs = 1_000;

/**
 * A Lambda answers with 6 MB at most, the body inside a JSON string, where a quote takes two bytes. Base64 always takes
 * four for three: from this size on it is the safe way.
 */
const longestTextBytes = 2_500_000;

/** The gateway's id of the request, which its access log has too. */
export const gatewayRequestId = (c: Context): string | undefined =>
  (c.env as { requestContext?: { requestId?: string } } | undefined)?.requestContext?.requestId;

/** The path without its stage, which is its first part unless the stage is `$default`. */
const pathOf = ({ rawPath, requestContext: { stage } }: APIGatewayProxyEventV2): string =>
  stage !== '$default' && rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;

const methodOf = ({ requestContext: { http } }: APIGatewayProxyEventV2): string => {
  if (!METHODS.includes(http.method)) throw unknownMethod();
  // A Request cannot have these. No address takes them, nor OPTIONS, and it is answered the same.
  return ['CONNECT', 'TRACE'].includes(http.method) ? 'OPTIONS' : http.method;
};

/** As bytes that stand for themselves, which is how Node gives the headers of a request. */
const headerValue = (value: string): string => Buffer.from(value).toString('latin1');

const headersOf = ({ headers, cookies }: APIGatewayProxyEventV2): Headers => {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) all.set(name, headerValue(value));
  }
  if (cookies !== undefined) all.set('cookie', headerValue(cookies.join('; ')));
  return all;
};

const bodyOf = (
  { body, isBase64Encoded }: APIGatewayProxyEventV2,
  method: string,
): Uint8Array | undefined => {
  // A Request of these has none. Theirs means nothing (RFC 9110, 9.3.1), and the local server leaves it out too.
  if (!body || method === 'GET' || method === 'HEAD') return undefined;
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
};

/**
 * Whether the gateway read a body as text that was none. It puts U+FFFD in place of what is not UTF-8, which is rarely as long
 * as what was there.
 */
const isDamaged = ({ body, isBase64Encoded, headers }: APIGatewayProxyEventV2): boolean => {
  if (!body || isBase64Encoded || !body.includes('\ufffd')) return false;
  const sent = Number(headers['content-length'] ?? Number.NaN);
  return Number.isInteger(sent) && sent !== Buffer.byteLength(body);
};

/**
 * The request that an event of payload version 2 stands for. Its path comes decoded, its query as it was sent, its
 * headers joined by commas, its cookies apart:
 * docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html. Hono's own adapter
 * pastes the path into a URL, refuses a GET with a body, and leaves out headers without a value.
 * @param signal Aborts when the request has to end.
 * @throws Problem `invalid_request`
 */
const requestOf = (event: APIGatewayProxyEventV2, signal: AbortSignal): Request => {
  const target = requestTarget(pathOf(event), event.rawQueryString);
  const method = methodOf(event);
  const body = bodyOf(event, method);
  const headers = headersOf(event);
  if (body !== undefined) headers.set('content-length', String(body.byteLength));
  return new Request(`https://${event.requestContext.domainName}${target}`, {
    method,
    headers,
    signal,
    ...(body !== undefined && { body }),
  });
};

const resultOf = async (response: Response): Promise<HttpResult> => {
  const bytes = Buffer.from(await response.arrayBuffer());
  const isText = /^(text\/|application\/([\w.-]+\+)?json\b)/.test(
    response.headers.get('content-type') ?? 'text/plain',
  );
  const isCompressed = response.headers.has('content-encoding');
  const isBase64Encoded = isCompressed || !isText || bytes.byteLength >= longestTextBytes;
  const headers = Object.fromEntries(response.headers);
  if (Math.ceil(bytes.byteLength / 3) * 4 > limits.functionAnswerBytes - headRoom)
    return resultOf(tooLong(headers['x-request-id'] ?? ''));
  return {
    statusCode: response.status,
    headers,
    body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
};

/** What the status and the headers of an answer take at most. */
const headRoom = 16 * 1024;

/** Instead of an answer that Lambda would not let pass: the gateway's own would say nothing of why. No fetch has one. */
const tooLong = (requestId: string): Response =>
  refusal(
    requestId,
    new Problem(
      'too_large',
      'The answer would be longer than a function may give. The request was carried out: ask for less at once.',
    ),
  );

/** Of an event that is no request: no application sees it. */
const refusal = (requestId: string, problem: Problem): Response =>
  problemResponse(requestId, problem, { 'x-request-id': requestId, 'cache-control': 'no-store' });

const answerTo = async (
  app: Api,
  event: APIGatewayProxyEventV2,
  signal: AbortSignal,
): Promise<HttpResult> => {
  const { requestContext } = event;
  let request: Request;
  try {
    request = requestOf(event, signal);
  } catch (error) {
    const problem = new Problem('invalid_request', 'The request cannot be read.', { cause: error });
    return resultOf(refusal(requestContext.requestId, error instanceof Problem ? error : problem));
  }
  const bindings = { event, requestContext, lengthHolds: true, isDamaged: isDamaged(event) };
  return resultOf(await app.fetch(request, bindings));
};

/** An HTTP application as a Lambda behind an HTTP API (payload version 2), one request at a time. */
export const createHttpHandler =
  ({ app, telemetry, abandon = () => Promise.resolve() }: HttpFunction) =>
  async (
    event: APIGatewayProxyEventV2,
    context: Pick<LambdaContext, 'getRemainingTimeInMillis'>,
  ): Promise<HttpResult> => {
    const over = new AbortController();
    const end = (): void => {
      // First, so that nothing more is begun.
      over.abort();
      void abandon();
    };
    const timer = setTimeout(end, context.getRemainingTimeInMillis() - answerMs);
    try {
      return await answerTo(app, event, over.signal);
    } finally {
      clearTimeout(timer);
      await abandon();
      telemetry.flush();
    }
  };
