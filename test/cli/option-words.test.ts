import type { ArgsDef } from 'citty';
import { expect, test } from 'vitest';
import { everyValue, refuseWrongOptions } from '../../cli/option-words.ts';

const args = {
  topic: { type: 'positional' },
  out: { type: 'string' },
  format: { type: 'enum', options: ['csv', 'json'] },
  value: { type: 'string' },
  'by-key': { type: 'boolean' },
} satisfies ArgsDef;

test.each([
  [['orders', '--out', 'x', '--by-key', '--format=csv']],
  [['--value', 'a', '--value=b', '--value', '-1']],
  [['--value=--by-key']],
  [['--out', '-x', '--', '--formt', '--out']],
])('takes %j', (words) => {
  expect(() => refuseWrongOptions(words, args, ['value'])).not.toThrow();
});

test.each([
  [['--formt', 'csv'], 'There is no option --formt: there are --out, --format, --value, --by-key.'],
  [['-o', 'x'], 'There is no option -o'],
  [['--topic', 'orders'], 'There is no option --topic'],
  [['--no-format'], 'There is no option --no-format'],
  [['orders', '--out'], '--out needs a value'],
  [['--out', ''], '--out needs a value'],
  [['--out='], '--out needs a value'],
  [['--out', '--by-key'], '--out needs a value'],
  [['--by-key=false'], '--by-key takes no value'],
  [['--format', 'csv', '--format', 'json'], '--format is given twice'],
])('refuses %j', (words, said) => {
  expect(() => refuseWrongOptions(words, args, ['value'])).toThrow(said);
});

test('gives every value of an option', () => {
  expect(everyValue(['a', '--value', 'b', '--value=c', '--out', 'd'], 'value')).toEqual(['b', 'c']);
});
