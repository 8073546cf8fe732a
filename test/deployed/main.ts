/**
 * `npm run test:deployed`: deploys the stack with the CDK's own command line to an AWS on this machine (MiniStack), and
 * uses it as its users do: the first key, the end-to-end suite with its archive, queries and exports of that, a sweep by
 * schedule, a redeploy, and the end of it all.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseObjectName } from '../../lib/domain/archive/segments.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../lib/stores/s3/objects.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { run, variables } from '../harness/processes.ts';
import { type Program, runProgram } from '../harness/program.ts';
import { step } from '../harness/progress.ts';
import { ArchiveReader } from './archive-reader.ts';
import { awsEnvironment, type Cdk, cdkOf, stackIsGone } from './cdk.ts';
import { failAndDeployAgain } from './failed-deploy.ts';
import { startForwarder } from './forwarder.ts';
import { everyLogLine } from './logs.ts';
import { startMinistack } from './ministack.ts';
import { pythonProgram } from './python.ts';
import { pauseStream } from './stream-mapping.ts';
import { Witness } from './witness.ts';

const root = new URL('../..', import.meta.url).pathname;
const stack = 'millrace-test';
/** The schedule's shortest interval, and the smallest segments, so that the test need not wait long for them. */
const settings = {
  stage: 'development',
  sweepMinutes: '1',
  segmentMaxBytes: String(1024 ** 2),
  glue: 'true',
};

/** The whole test, a line for each step. */
const test = async ({ folder, signal, atEnd }: Program): Promise<void> => {
  const program = await step('Python environment', () => pythonProgram(signal));
  const { endpoint, stop } = await step('Start MiniStack', () =>
    startMinistack(program('ministack'), folder, signal),
  );
  atEnd(stop);
  const cdk = cdkOf(endpoint, folder, stack, signal);
  await step('cdk bootstrap', cdk.bootstrap);
  const outputs = await step('cdk deploy', () => cdk.deploy(settings));
  const key = await step('First key, by npm run keys', () => firstKey({ endpoint, folder, signal }));
  const { ApiUrl = '', LogTableName = '' } = outputs;
  const api = await startForwarder(new URL(endpoint), ApiUrl.replace(/^http:\/\//, ''));
  atEnd(api.stop);
  const witness = await step('A topic with a webhook', () => Witness.start(api.url, key));
  atEnd(() => witness.stop());
  await step('Records reach the webhook', async () => {
    await witness.produce(5);
    await witness.delivered(60_000);
  });
  const reader = await step('A topic to be archived meanwhile', () =>
    ArchiveReader.start({ endpoint, folder, signal, stack, url: api.url, key }),
  );
  await step('End-to-end suite', () => suite(api.url, key, signal));
  await step('What the suite has archived is in the bucket', () => objectsAreThere(endpoint, outputs));
  // The sweep is waited for: others may use the stack meanwhile.
  await Promise.all([
    step('A sweep by schedule finds what the stream kept silent', async () => {
      const resume = await pauseStream(endpoint, LogTableName);
      await witness.produce(5);
      await witness.delivered(180_000);
      await resume();
    }),
    readByCommands(reader, outputs),
  ]);
  await step('Redeploy with other settings', () => redeploy(cdk, outputs));
  await step('Nothing is lost, and delivery goes on', async () => {
    await witness.everythingIsThere();
    await witness.produce(5);
    await witness.delivered(60_000);
    await witness.everythingIsThere();
  });
  await step('No key and no secret is in a log, a template or an output', async () => {
    const lines = await everyLogLine(endpoint);
    assert.ok(
      lines.some((line) => line.includes('delivered')),
      'the functions log',
    );
    const template = readFileSync(join(folder, 'cdk.out', 'Millrace.template.json'), 'utf8');
    for (const text of [...lines, template, JSON.stringify(outputs)])
      for (const hidden of [key, witness.secret]) assert.ok(!text.includes(hidden), text.slice(0, 200));
  });
  await step('cdk destroy', async () => {
    await cdk.destroy(settings);
    await stackIsGone(endpoint, stack, LogTableName);
  });
  await step('A production deploy that fails is none, and the next stands', () => {
    const name = 'millrace-production';
    return failAndDeployAgain(endpoint, name, cdkOf(endpoint, folder, name, signal));
  });
};

const readByCommands = async (
  reader: ArchiveReader,
  outputs: Readonly<Record<string, string>>,
): Promise<void> => {
  await step('npm run query gives what fetches give', async () => {
    await reader.archived(180_000);
    await reader.queryAsFetched(outputs);
  });
  await step('npm run export gives what fetches give', () => reader.exportAsFetched());
};

const firstKey = async ({
  endpoint,
  folder,
  signal,
}: Omit<Program, 'atEnd'> & { endpoint: string }): Promise<string> => {
  const output = join(folder, 'keys.log');
  const grant = ['--stack', stack, '--name', 'deploy-test', '--scope', 'admin'];
  await run(
    {
      file: process.execPath,
      args: ['infra/keys/main.ts', 'create', ...grant],
      cwd: root,
      env: awsEnvironment(endpoint, folder),
      log: output,
      signal,
    },
    60_000,
  );
  const [key] = /^mr_\S+$/m.exec(readFileSync(output, 'utf8')) ?? [];
  rmSync(output);
  assert.ok(key, 'npm run keys shows a key');
  return key;
};

/** The suite that `npm test` runs on the local runtime, here on the stack. */
const suite = (url: string, key: string, signal: AbortSignal): Promise<void> =>
  run(
    {
      file: join(root, 'node_modules', '.bin', 'vitest'),
      args: ['run', '--config', 'test/vitest.config.ts', 'test/end-to-end/broker.test.ts'],
      cwd: root,
      env: { ...variables(), MILLRACE_E2E_URL: url, MILLRACE_E2E_KEY: key },
      signal,
    },
    900_000,
  );

/** Of topics that are deleted by now, whose segments stay until they are taken apart. */
const objectsAreThere = async (
  endpoint: string,
  outputs: Readonly<Record<string, string>>,
): Promise<void> => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createArchiveClient({ endpoint, region: 'us-east-1', credentials });
  const bucket = outputs['ArchiveBucketName'] ?? '';
  const objects = await s3ObjectStore({ client, bucket, clock: systemClock }).list({ limit: 100 });
  client.destroy();
  assert.ok(objects.length >= 3, 'the archive has a segment of each topic of the suite');
  for (const { name } of objects) assert.ok(parseObjectName(name) !== undefined, name);
};

const redeploy = async (cdk: Cdk, before: Readonly<Record<string, string>>): Promise<void> => {
  const after = await cdk.deploy({ ...settings, deliverMemoryMb: '1024', logRetentionDays: '7' });
  assert.deepEqual(after, before, 'a redeploy keeps the address, the tables, the bucket and the queues');
};

await runProgram('deployed', test);
