import type { PushGroup } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { Expressions, Judgement, Shaped } from '../../stores/expressions.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import { expressionInput } from './input.ts';

/** What a group makes of records before they are sent. */
export interface Sieve {
  /** Those of the records that are to be sent, in order. Absent: all. */
  readonly keep?: (records: readonly LogRecord[]) => Promise<readonly LogRecord[]>;
  /** What each record's value becomes, in order. Absent: nothing is changed. */
  readonly shape?: (records: readonly LogRecord[]) => Promise<readonly Shaped[]>;
}

interface SieveDeps {
  readonly expressions: Expressions;
  readonly telemetry: Telemetry;
}

/** Parts of `records`, each of which the expressions can be given at once. */
const portions = function* (topic: string, records: readonly LogRecord[]) {
  let [part, texts, length]: [LogRecord[], string[], number] = [[], [], 0];
  for (const record of records) {
    const text = expressionInput(topic, record);
    if (
      texts.length > 0 &&
      (length + text.length > limits.deliveryBytes || texts.length >= limits.deliveryRecords)
    ) {
      yield { part, texts };
      [part, texts, length] = [[], [], 0];
    }
    part.push(record);
    texts.push(text);
    length += text.length;
  }
  if (texts.length > 0) yield { part, texts };
};

const isLeftOut = (judgement: Judgement | undefined): boolean =>
  judgement?.kind === 'judged' && !judgement.matches;

/** What a group makes of the records of a partition. What its filter cannot tell of is kept: it loses nothing by a fault of its own. */
export const sieveFor = (
  { expressions, telemetry }: SieveDeps,
  { topic, name, delivery: { filter, transform } }: PushGroup,
  partition: number,
): Sieve => ({
  ...(filter !== undefined && {
    keep: async (records) => {
      const kept: LogRecord[] = [];
      for (const { part, texts } of portions(topic, records)) {
        const judged = await expressions.judge(filter, texts);
        kept.push(...part.filter((_, index) => !isLeftOut(judged[index])));
        const failed = judged.filter((each) => each.kind === 'failed');
        const [{ code } = { code: '' }] = failed;
        const told = { topic, group: name, partition, expression: 'filter', records: failed.length } as const;
        if (failed.length > 0) telemetry.record({ kind: 'expression-failed', ...told, code });
      }
      return kept;
    },
  }),
  ...(transform !== undefined && {
    shape: async (records) => {
      const shaped: Shaped[] = [];
      for (const { texts } of portions(topic, records))
        shaped.push(...(await expressions.shape(transform, texts)));
      return shaped;
    },
  }),
});
