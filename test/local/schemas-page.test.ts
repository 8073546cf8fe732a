import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const page = readFileSync(new URL('../../docs/schemas.md', import.meta.url), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

test('what the page about schemas says to type is answered as it says', async () => {
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
  const [topic, schema, refused] = stdout
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(topic).toMatchObject({ name: 'accounts' });
  expect(schema).toMatchObject({ version: 1, compatibility: 'backward' });
  expect(refused).toMatchObject({ code: 'schema_mismatch', errors: JSON.parse(blocks('json')[0] ?? '') });
});
