/**
 * `groups` makes, changes and deletes groups and endpoints, and so has a topic's records sent to where it says; `admin`
 * implies all others.
 */
export const scopes = ['produce', 'consume', 'groups', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What a root key that was given, and not made, has to be: it goes into a header as it is. */
export const rootKeyRule = {
  pattern: /^[\x21-\x7e]{16,256}$/,
  text: 'must be 16 to 256 visible ASCII characters without spaces',
} as const;

/** An API key as it is stored: its hash, never itself. */
export interface ApiKey {
  /** The first 20 hex digits of `hash`. */
  readonly keyId: string;
  readonly name: string;
  /** SHA-256 of the whole key, hex. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  /** Names, or prefixes followed by `*`. Absent: every topic. */
  readonly topics?: readonly string[];
  /** Wall clock ms. */
  readonly expiresAt?: number;
  /** Wall clock ms. */
  readonly createdAt: number;
}
