import type { BasicAuthentication } from '../../domain/groups/authentication.ts';

/** The `Authorization` of a user name and a password. RFC 7617, 2.1: what is not ASCII is UTF-8. */
export const basicAuthorization = ({
  username,
  password,
}: Pick<BasicAuthentication, 'username' | 'password'>): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
