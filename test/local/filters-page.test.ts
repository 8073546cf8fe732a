import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { memoryExpressions } from '../../lib/stores/memory/expressions.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const page = readFileSync(new URL('../../docs/filters.md', import.meta.url), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

test('what the page about filters says to type is answered as it says', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const env = {
    ...process.env,
    MILLRACE: broker.url,
    AUTH: `Authorization: Bearer ${broker.key}`,
    JSON: 'Content-Type: application/json',
  };
  const [script = '', ...others] = blocks('sh');
  expect(others).toEqual([]);
  const { stdout } = await promisify(execFile)('sh', ['-ec', script], { env });
  const answers = stdout
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line) as { delivery?: object });
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
