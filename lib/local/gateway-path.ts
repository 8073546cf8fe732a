import { unclearEscapes } from '../http/target.ts';

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) throw unclearEscapes();
    throw error;
  }
};

/**
 * The path of a request as an HTTP API of API Gateway hands it over, so that what is tried on one machine does the same
 * on AWS. It decodes the escapes, and then once more: `%2F` and `%252F` both come as `/`, and `%25` alone is answered
 * 400 (captured on AWS: github.com/hotsock/voker, vokerhttp/testdata/ingress-paths.json; that it decodes is documented:
 * docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html). An escaped `?` it cuts off with
 * all that follows: here that is refused.
 * @throws Problem `invalid_request`
 */
export const gatewayPath = (path: string): string => {
  const once = decoded(path);
  if (once.includes('?')) throw unclearEscapes();
  return decoded(once);
};
