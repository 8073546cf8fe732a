import { Problem } from '../domain/errors.ts';
import type { BodiesUnderWay } from '../http/api.ts';

/** How long the server waits for what is announced, and for how much of it at once. */
export interface Patience {
  /** For the first line and the headers of a request, from the first of its connection on. */
  readonly headMs: number;
  /** For a whole request, its body too. The gateway of AWS gives a request 30 s, its answer among it. */
  readonly requestMs: number;
  /** How often it is looked who is late. */
  readonly checkMs: number;
  /** Connections at once. Further ones are closed as they come. */
  readonly connections: number;
  /** What all bodies together that are on their way may take, by what they say of their length. */
  readonly bodyBytes: number;
}

export const defaultPatience: Patience = {
  headMs: 20_000,
  requestMs: 60_000,
  checkMs: 5_000,
  connections: 10_000,
  bodyBytes: 512 * 1024 * 1024,
};

/**
 * Counts bodies that have begun and not ended, so that clients that stop half-way through theirs cannot take all memory. Only
 * requests that have shown a key are counted: of the others no body is read.
 */
export const bodiesUnderWay = (mostBytes: number): BodiesUnderWay => {
  let bytesUnderWay = 0;
  return {
    begin: (bytes) => {
      if (bytesUnderWay + bytes > mostBytes)
        throw new Problem(
          'unavailable',
          'Too many large bodies are on their way at this moment. Nothing was written; try again.',
          { retryAfterSeconds: 1 },
        );
      bytesUnderWay += bytes;
      return () => {
        bytesUnderWay -= bytes;
      };
    },
  };
};
