import type { EndpointAuthentication } from '../../domain/groups/authentication.ts';

/** The `Authorization` header by which an endpoint knows us; none where nothing is asked for. */
export const authorizationHeaders = (
  authentication: EndpointAuthentication | undefined,
): Readonly<Record<string, string>> => {
  if (authentication === undefined) return {};
  const { username, password } = authentication;
  // RFC 7617, 2.1: what is not ASCII is UTF-8.
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
};
