import { expect, test } from 'vitest';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { blocks } = pageOf('schemas');

test('what the page about schemas says to type is answered as it says', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const [script = '', ...others] = blocks('sh');
  expect(others).toEqual([]);
  const [topic, schema, refused] = await typed(script, setFor(broker));
  expect(topic).toMatchObject({ name: 'accounts' });
  expect(schema).toMatchObject({ version: 1, compatibility: 'backward' });
  expect(refused).toMatchObject({ code: 'schema_mismatch', errors: JSON.parse(blocks('json')[0] ?? '') });
});
