/** `v1`: HMAC-SHA256 by a secret that both sides have. `v1a`: ed25519, of which receivers have the public key alone. */
export type SigningKind = 'v1' | 'v1a';

/** What signs the requests to an endpoint, with what is known of it. */
export interface SigningKey {
  /** `whsec_…` of `v1`, `whsk_…` of `v1a`; sealed where it is stored (`lib/secrets/`). */
  readonly secret: string;
  /** Of `v1a`: `whpk_…`, which is no secret. */
  readonly publicKey?: string;
  /** Wall clock ms. From then on it signs nothing: another took its place. */
  readonly until?: number;
}

/** As an endpoint has it: older versions stored the secret alone, as does whatever nothing else is known of. */
export type StoredSigningKey = string | SigningKey;

export const asSigningKey = (stored: StoredSigningKey): SigningKey =>
  typeof stored === 'string' ? { secret: stored } : stored;

export const kindOf = (stored: StoredSigningKey): SigningKind =>
  asSigningKey(stored).publicKey === undefined ? 'v1' : 'v1a';

/** Those that sign at that time, newest first. @param at wall clock ms. */
export const livingKeys = (stored: readonly StoredSigningKey[], at: number): readonly SigningKey[] =>
  stored.map(asSigningKey).filter(({ until = Number.POSITIVE_INFINITY }) => until > at);

/**
 * The keys of an endpoint after `next` took the place of the newest one: the others go on signing for `overlapMs`, but none
 * longer than it was to.
 * @param at wall clock ms.
 */
export const rotatedKeys = (
  stored: readonly StoredSigningKey[],
  next: StoredSigningKey,
  at: number,
  overlapMs: number,
): readonly StoredSigningKey[] => {
  const former = livingKeys(stored, at).map((key) => ({
    ...key,
    until: Math.min(key.until ?? Number.POSITIVE_INFINITY, at + overlapMs),
  }));
  return overlapMs === 0 ? [next] : [next, ...former];
};
