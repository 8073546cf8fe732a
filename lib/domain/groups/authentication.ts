/** How Millrace authenticates itself to an endpoint, beside its signature. Stored, every text but the type is sealed (`lib/secrets/`). */
export interface BasicAuthentication {
  /** RFC 7617. */
  readonly type: 'basic';
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

/** Tokens by client credentials: RFC 6749, 4.4. */
export interface OAuth2Authentication {
  readonly type: 'oauth2';
  /** Where tokens are given. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** Not of the RFC: some token servers want to know whom a token is for. */
  readonly audience?: string;
}

export type EndpointAuthentication = BasicAuthentication | OAuth2Authentication;
