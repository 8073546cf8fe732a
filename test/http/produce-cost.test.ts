import { expect, test } from 'vitest';
import { Problem } from '../../lib/domain/errors.ts';
import { parseProduceRequest } from '../../lib/http/schemas/records.ts';

const bytes = 5 * 1024 * 1024 - 1_000;
const listOf = (item: string): string => `[${item.repeat(Math.floor(bytes / 20 / item.length) - 4)}0]`;
const textOf = (unit: string): string => `"${unit.repeat(Math.floor(bytes / 20 / unit.length) - 4)}"`;
const inRecords = (value: string): string =>
  `{"records":[${Array.from({ length: 20 }, () => `{"value":${value}}`).join(',')}]}`;

/** CPU time of this thread, ms: the shortest of three times, since the machine may be busy. */
const cost = (run: () => unknown): number => {
  const times = [1, 2, 3].map(() => {
    const from = process.threadCpuUsage();
    try {
      run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    const { user, system } = process.threadCpuUsage(from);
    return (user + system) / 1000;
  });
  return Math.min(...times);
};

const ordinary = inRecords(listOf('1234,'));

test.each([
  ['decimals', inRecords(listOf('1.0,'))],
  ['decimals that end in 0', inRecords(listOf('1.10,'))],
  ['exponents', inRecords(listOf('1e1,'))],
  ['one long number', inRecords(`${'1'.repeat(250_000)}`)],
  ['nested arrays', inRecords(listOf(`${'['.repeat(99)}${']'.repeat(99)},`))],
  ['nested objects', inRecords(listOf(`${'{"":'.repeat(99)}0${'}'.repeat(99)},`))],
  ['empty objects', inRecords(listOf('{},'))],
  ['short strings', inRecords(listOf('"",'))],
  ['escapes', inRecords(textOf('\\u0041'))],
  ['surrogate pairs', inRecords(textOf('\\ud83d\\ude00'))],
  ['quotes', inRecords(textOf('\\"'))],
  ['white space', `${inRecords('1')}${' '.repeat(bytes - 400)}`],
  ['one value beyond the limit', `{"records":[{"value":[${'1.10,'.repeat(bytes / 5)}`],
  ['one key beyond the limit', `{"records":[{"key":"${'\\u0041'.repeat(bytes / 6)}"`],
])(
  'five megabytes of %s are read in a small multiple of the time that JSON.parse takes for numbers',
  (_what, body) => {
    const bytes = Buffer.from(body);
    const unit = cost(() => JSON.parse(ordinary));
    expect(cost(() => parseProduceRequest(bytes)) / unit).toBeLessThan(15);
  },
);
