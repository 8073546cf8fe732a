import type { APIGatewayProxyEventV2, Context as LambdaContext } from 'aws-lambda';
import type { Context } from 'hono';
import { type APIGatewayProxyResult, handle, type LambdaEvent } from 'hono/aws-lambda';
import type { Api } from '../lib/http/api.ts';
import type { FunctionTelemetry } from './telemetry.ts';

export interface HttpFunction {
  readonly app: Api;
  readonly telemetry: Pick<FunctionTelemetry, 'flush'>;
  /** Ends what the function has under way. Called when its time is nearly up, and before every return. */
  readonly abandon?: () => Promise<void>;
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

const compact = (result: APIGatewayProxyResult): APIGatewayProxyResult => {
  if (result.isBase64Encoded || result.body.length < longestTextBytes) return result;
  return { ...result, body: Buffer.from(result.body).toString('base64'), isBase64Encoded: true };
};

/** An HTTP application as a Lambda behind an HTTP API (payload version 2), one request at a time. */
export const createHttpHandler = ({ app, telemetry, abandon = () => Promise.resolve() }: HttpFunction) => {
  const serve = handle(app);
  return async (
    event: APIGatewayProxyEventV2,
    context: Pick<LambdaContext, 'getRemainingTimeInMillis'>,
  ): Promise<APIGatewayProxyResult> => {
    const timer = setTimeout(() => void abandon(), context.getRemainingTimeInMillis() - answerMs);
    try {
      // Hono's own types of the same event and context are a little narrower.
      return compact(await serve(event as unknown as LambdaEvent, context as Parameters<typeof serve>[1]));
    } finally {
      clearTimeout(timer);
      await abandon();
      telemetry.flush();
    }
  };
};
