import type { JsonText } from '../domain/json/text.ts';

/** An expression came to nothing on a record. */
export interface Failed {
  readonly kind: 'failed';
  /** Of JSONata, as `T2010`, or one of ours; without anything of the record. */
  readonly code: string;
  /** A sentence for people; it may quote the record. */
  readonly reason: string;
}

/** Whether a filter lets a record through. */
export type Judgement = { readonly kind: 'judged'; readonly matches: boolean } | Failed;

/** What a transform made of a record. */
export type Shaped = { readonly kind: 'shaped'; readonly json: JsonText } | Failed;

/**
 * Evaluates expressions of JSONata (https://docs.jsonata.org) on records. Each takes `limits.expressionMs` for a record, all
 * records of a call `limits.expressionsMs`, and as much memory as `limits.expressionHeapMb` at most: what takes more fails, and nothing
 * else is harmed.
 */
export interface Expressions {
  /**
   * @param records JSON, each what the expression is given.
   * @returns in the order of the records, one for each. What the filter gives is taken for true or false as `$boolean` does.
   * @throws when nothing can be evaluated at all, whatever the expression is.
   */
  judge(filter: string, records: readonly string[]): Promise<readonly Judgement[]>;
  /** As `judge`. The JSON that is given is no longer than `limits.recordBytes`. */
  shape(transform: string, records: readonly string[]): Promise<readonly Shaped[]>;
}
