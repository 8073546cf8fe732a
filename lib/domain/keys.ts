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

/** How much a key may be used for in each process that takes its requests. At least one of the rates is there. */
export interface Quota {
  /** Records produced. */
  readonly recordsPerSecond?: number;
  /** Bytes of the records produced: keys, values and headers as they are stored (JSON), before compression. */
  readonly bytesPerSecond?: number;
  /** The use of so many seconds may come at once. */
  readonly burstSeconds: number;
}

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
  /** Absent: none, as a root key has none. */
  readonly quota?: Quota;
  /** Wall clock ms. */
  readonly createdAt: number;
}
