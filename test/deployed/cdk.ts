import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { run } from '../harness/processes.ts';
import { account, region, searchPath } from './ministack.ts';

/** The stack's id in the app, whatever name it is given. */
const id = 'Millrace';
const root = new URL('../..', import.meta.url).pathname;

export interface Cdk {
  bootstrap(): Promise<void>;
  /**
   * @param app The program that makes the templates, if not the one of `cdk.json`.
   * @returns the stack's outputs.
   */
  deploy(settings: Readonly<Record<string, string>>, app?: string): Promise<Readonly<Record<string, string>>>;
  destroy(settings: Readonly<Record<string, string>>): Promise<void>;
}

/** What a program needs to reach `endpoint` as AWS, and to reach no other. */
export const awsEnvironment = (endpoint: string, folder: string): Record<string, string> => ({
  PATH: searchPath(),
  // No profile or credential of whoever runs this is read.
  HOME: folder,
  TMPDIR: folder,
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: region,
  AWS_EC2_METADATA_DISABLED: 'true',
  CI: 'true',
  NO_COLOR: '1',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
});

/** The CDK's own command line against `endpoint`; what it prints goes to `cdk.log` in `folder`. */
export const cdkOf = (endpoint: string, folder: string, stack: string, signal: AbortSignal): Cdk => {
  const env = awsEnvironment(endpoint, folder);
  const log = join(folder, 'cdk.log');
  const outputs = join(folder, 'outputs.json');
  const cdk = (cwd: string, args: readonly string[]): Promise<void> =>
    run({ file: 'cdk', args: [...args, '--no-notices'], cwd, env, log, signal }, 300_000);
  const context = (settings: Readonly<Record<string, string>>): string[] =>
    Object.entries({ stackName: stack, account, region, ...settings }).flatMap(([name, value]) => [
      '--context',
      `${name}=${value}`,
    ]);
  const output = ['--output', join(folder, 'cdk.out')];
  return {
    // Where there is no app: with one, the assembly would be written without its bundles.
    bootstrap: () => cdk(folder, ['bootstrap', `aws://${account}/${region}`]),
    deploy: async (settings, app) => {
      await cdk(root, [
        'deploy',
        id,
        '--require-approval',
        'never',
        '--outputs-file',
        outputs,
        ...(app === undefined ? [] : ['--app', app]),
        ...output,
        ...context(settings),
      ]);
      const written = JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, Record<string, string>>;
      return written[stack] ?? {};
    },
    destroy: (settings) => cdk(root, ['destroy', id, '--force', ...output, ...context(settings)]),
  };
};

/** How a client of the AWS SDK reaches `endpoint`. */
export const clientOf = (endpoint: string) => ({
  endpoint,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** Checks that neither the stack nor its log table is left. */
export const stackIsGone = async (endpoint: string, stack: string, table: string): Promise<void> => {
  const client = clientOf(endpoint);
  await assert.rejects(
    new CloudFormationClient(client).send(new DescribeStacksCommand({ StackName: stack })),
    /does not exist/,
  );
  await assert.rejects(new DynamoDBClient(client).send(new DescribeTableCommand({ TableName: table })), {
    name: 'ResourceNotFoundException',
  });
};
