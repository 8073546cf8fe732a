import { payloads } from '../demo/payloads.ts';
import { orderJson } from '../http/cases.ts';

/** The answer of a fetch that holds these values. */
const answerOf = (values: readonly string[]): Buffer => {
  const records = values.map(
    (value, offset) =>
      `{"partition":0,"offset":${offset},"timestamp":"2026-03-01T12:00:00.${100 + (offset % 900)}Z","value":${value}}`,
  );
  return Buffer.from(
    `{"records":[${records.join(',')}],"nextOffset":${values.length},"startOffset":0,"endOffset":${values.length}}`,
  );
};

const orders = (count: number): readonly string[] => Array.from({ length: count }, () => orderJson('plain'));

/** Answers by what they are of: letters at random, which nothing makes much smaller, and what programs really send. */
export const answers: readonly (readonly [label: string, bytes: Buffer])[] = [
  ['5 orders', answerOf(orders(5))],
  ['50 orders', answerOf(orders(50))],
  ['1,000 orders', answerOf(orders(1000))],
  ['webhooks of GitHub', answerOf(payloads.map(({ value }) => JSON.stringify(value)))],
];
