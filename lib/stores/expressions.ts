import type { JsonText } from '../domain/json/text.ts';

/** Whether a filter lets a record through. */
export type Judgement =
  | { readonly kind: 'judged'; readonly matches: boolean }
  /** It could not be told. The reason is a sentence for people, and may quote the record. */
  | { readonly kind: 'failed'; readonly reason: string };

/** What a transform made of a record. */
export type Shaped =
  | { readonly kind: 'shaped'; readonly json: JsonText }
  | { readonly kind: 'failed'; readonly reason: string };

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
