/** How Millrace authenticates itself to an endpoint, beside its signature. Stored, every text but the type is sealed (`lib/secrets/`). */
export interface BasicAuthentication {
  /** RFC 7617. */
  readonly type: 'basic';
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

export type EndpointAuthentication = BasicAuthentication;
