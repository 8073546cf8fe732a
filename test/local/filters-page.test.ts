import { expect, test } from 'vitest';
import { memoryExpressions } from '../../lib/stores/memory/expressions.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { text: page, blocks } = pageOf('filters');

test('what the page about filters says to type is answered as it says', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const [script = '', ...others] = blocks('sh');
  expect(others).toEqual([]);
  const answers = await typed<{ delivery?: object }>(script, setFor(broker));
  const [, made, changed, refused] = answers;
  const filter = 'headers.source = "shop" and value.amount > 100';
  expect(made).toMatchObject({ delivery: { filter, transform: expect.stringMatching(/^\{"order"/) } });
  expect(changed).toMatchObject({ delivery: { filter } });
  expect(changed?.delivery).not.toHaveProperty('transform');
  expect(refused).toMatchObject({ code: 'invalid_request', errors: [{ path: 'delivery.filter' }] });
});

const row = /^\| [^|]+\| (`.+`) +\|$/;
const expressions = page
  .slice(page.indexOf('| for '), page.indexOf('A field that is missing'))
  .split('\n')
  .flatMap((line) => row.exec(line)?.[1] ?? [])
  .flatMap((cell) => cell.slice(1, -1).split('`, `'));

test('the filters of the page can be told of its record', async () => {
  expect(expressions.length).toBeGreaterThan(10);
  const record = JSON.parse(blocks('json')[0] ?? '') as { value: object };
  const value = {
    ...record.value,
    type: 'paid',
    id: 'eu-1',
    file: 'a.PNG',
    note: 'urgent',
    state: 'sent',
    total: 101,
  };
  const evaluator = memoryExpressions();
  for (const filter of expressions) {
    const [judged] = await evaluator.judge(filter, [JSON.stringify({ ...record, value })]);
    expect({ filter, judged }).toMatchObject({ filter, judged: { kind: 'judged' } });
  }
});
