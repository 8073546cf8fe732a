import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildsOf,
  bundle,
  type FunctionName,
  filesBeside,
  functionNames,
  root,
} from '../../infra/constructs/bundling.ts';
import { docsAssets } from '../../lib/http/docs/page.ts';
import { httpEvent } from './events.ts';
import { environmentsOf, synthesise } from './template.ts';

const run = promisify(execFile);

/** Node 24 as the project installs it, whatever runs the tests. */
const node = join(root, 'node_modules/node/bin/node');

/** An event that each function answers without a call to AWS, and a part of its answer. */
const exchanges: Record<
  Exclude<FunctionName, (typeof loadedAlone)[number]>,
  { event: object; answer: object }
> = {
  produce: {
    event: httpEvent('POST', '/v1/topics/orders/records', { body: { records: [{ value: 1 }] } }),
    answer: { statusCode: 401 },
  },
  consume: { event: httpEvent('GET', '/v1/topics/orders/partitions'), answer: { statusCode: 401 } },
  pull: {
    event: httpEvent('POST', '/v1/topics/orders/groups/workers/poll', { body: { consumerId: 'a' } }),
    answer: { statusCode: 401 },
  },
  acks: { event: httpEvent('POST', '/v1/acks/none'), answer: { statusCode: 403 } },
  admin: { event: httpEvent('GET', '/v1/topics'), answer: { statusCode: 401 } },
  'on-append': {
    event: { Records: [{ eventName: 'REMOVE', dynamodb: { Keys: { pk: { S: 'T/0' }, sk: { N: '0' } } } }] },
    answer: { batchItemFailures: [] },
  },
  deliver: {
    event: { Records: [{ messageId: 'm1', body: 'no wake' }] },
    answer: { batchItemFailures: [{ itemIdentifier: 'm1' }] },
  },
  archive: {
    event: { Records: [{ messageId: 'm1', body: 'no task' }] },
    answer: { batchItemFailures: [{ itemIdentifier: 'm1' }] },
  },
  describe: { event: httpEvent('GET', '/v1/openapi.json'), answer: { statusCode: 200 } },
};
/** What works for whoever does not wait for its answer, or has nothing to answer without AWS. */
const loadedAlone = ['sweep', 'keyring'] as const;

/** Run by plain Node beside a bundle: loads it and, given an event, prints the handler's answer as its last line. */
const program = `
const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new TypeError('no handler');
const event = JSON.parse(process.argv[2]);
const answer = event && await handler(event, { getRemainingTimeInMillis: () => 10000 });
process.stdout.write('\\n' + JSON.stringify(answer) + '\\n', () => process.exit());
`;

/**
 * What Lambda does to the console where a function logs JSON: what is printed is the message of a record
 * (github.com/aws/aws-lambda-nodejs-runtime-interface-client, src/logging). Metrics in there would be text to CloudWatch.
 */
const jsonConsole = `
const stdout = process.stdout;
for (const level of ['trace', 'debug', 'info', 'warn', 'error'])
  console[level] = (message) => stdout.write(JSON.stringify({ level: level.toUpperCase(), message }) + '\\n');
console.log = console.info;
`;

describe('the bundle', () => {
  let folder: string;
  let environments: ReadonlyMap<string, Record<string, string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-bundles-'));
    await Promise.all(
      functionNames.flatMap((name) => buildsOf(name, folder)).map((options) => build(options)),
    );
    for (const name of functionNames)
      for (const file of filesBeside(name))
        await copyFile(join(root, file), join(folder, name, basename(file)));
    environments = environmentsOf(synthesise());
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const fileOf = (name: FunctionName): string => join(folder, name, bundle.outputFile);

  const load = async (
    name: FunctionName,
    event: object | null,
    before = '',
  ): Promise<{ answer: unknown; logged: string }> => {
    const args = ['--input-type=module', '-e', `${before}${program}`, fileOf(name), JSON.stringify(event)];
    const env = { ...environments.get(name), AWS_REGION: 'eu-west-1' };
    const { stdout, stderr } = await run(node, args, { env, timeout: 120_000 });
    return { answer: JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), logged: stdout + stderr };
  };

  it.each(Object.entries(exchanges))(
    'of %s loads under plain Node with the environment of the stack, and answers',
    async (name, { event, answer }) => {
      const loaded = await load(name as FunctionName, event);
      expect(loaded.answer).toMatchObject(answer);
    },
  );

  it.each(loadedAlone)('of %s loads under plain Node with the environment of the stack', async (name) => {
    expect((await load(name, null)).answer).toBeNull();
  });

  it('of deliver says in its log why a message is none of ours, without what it holds', async () => {
    const { logged } = await load('deliver', { Records: [{ messageId: 'm1', body: '{"secret":"hush"}' }] });
    expect(logged).toMatch(/m1/);
    expect(logged).toMatch(/not a wake/);
    expect(logged).not.toMatch(/hush/);
  });

  it('of deliver logs lines that are JSON, and metrics that CloudWatch finds, where Lambda logs JSON itself', async () => {
    const { logged } = await load('deliver', { Records: [{ messageId: 'm1', body: 'none' }] }, jsonConsole);
    const lines = logged.split('\n').filter((line) => line !== '');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toContainEqual(
      expect.objectContaining({ service: 'deliver', Faults: expect.anything(), _aws: expect.anything() }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        message: 'fault in deliver, message m1',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      }),
    );
  });

  it('of produce keeps the id that the gateway gave the request', async () => {
    const { answer } = await load('produce', exchanges.produce.event);
    expect(answer).toMatchObject({ headers: { 'x-request-id': 'gateway-request-1' } });
  });

  it.each(Object.keys(docsAssets))('of describe has %s beside it', async (name) => {
    const { answer } = await load('describe', httpEvent('HEAD', `/docs/${name}`));
    expect(answer).toMatchObject({ statusCode: 200 });
  });

  it.each(['produce', 'admin'] as const)('of %s finds beside it what checks schemas', async (name) => {
    const { stdout } = await run(node, [
      '--input-type=module',
      '-e',
      `import { createRequire } from 'node:module';
       const require = createRequire(process.argv[1]);
       console.log(require.resolve('ajv/dist/2020.js'), require.resolve('ajv-formats/dist/formats.js'));`,
      fileOf(name),
    ]);
    for (const file of stdout.trim().split(' ')) expect(file).toContain(join(folder, name));
  });

  it('of deliver finds beside it the process that evaluates expressions, and what that loads', async () => {
    const parent = `
      import { fork } from 'node:child_process';
      const child = fork(process.argv[1], { serialization: 'advanced', execArgv: [] });
      child.on('message', (said) => {
        if (said === 'ready') child.send({ purpose: 'judge', expression: 'value.a = 1', records: ['{"value":{"a":1}}'] });
        else { console.log(JSON.stringify(said)); child.disconnect(); }
      });`;
    const script = join(folder, 'deliver', 'expressions.mjs');
    const { stdout } = await run(node, ['--input-type=module', '-e', parent, script], { timeout: 120_000 });
    expect(stdout.trim()).toBe('["t"]');
  });

  it('of admin finds beside it what reads expressions', async () => {
    const resolving = `
      import { createRequire } from 'node:module';
      console.log(createRequire(process.argv[1]).resolve('jsonata/jsonata.js'));`;
    const { stdout } = await run(node, ['--input-type=module', '-e', resolving, fileOf('admin')]);
    expect(stdout).toContain(join(folder, 'admin'));
  });

  it('fails with the name of what is missing when the environment is not whole', async () => {
    const args = ['--input-type=module', '-e', program, fileOf('produce'), 'null'];
    const env = { MILLRACE_LOG_TABLE: 'log', AWS_REGION: 'eu-west-1' };
    await expect(run(node, args, { env })).rejects.toThrow(/MILLRACE_STATE_TABLE is not set/);
  });

  it('of produce is at most 460 KB, and no other over 950 KB', async () => {
    for (const name of functionNames) {
      const { size } = await stat(fileOf(name));
      expect(size, `bytes of ${name}`).toBeLessThanOrEqual((name === 'produce' ? 460 : 950) * 1000);
    }
  });
});
