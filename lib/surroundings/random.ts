/** Chance, as domain code sees it: passed in, so that it can be seeded. */
export interface Random {
  /** Uniform in [0, 1). */
  number(): number;
  /** `count` bytes; in production from a cryptographic source. */
  bytes(count: number): Uint8Array;
}
