/** `npm run lint:template`: what CloudFormation itself would object to in the templates, as `cfn-lint` knows it. */
import { join } from 'node:path';
import { run, variables } from '../harness/processes.ts';
import { type Program, runProgram } from '../harness/program.ts';
import { step } from '../harness/progress.ts';
import { searchPath } from './ministack.ts';
import { pythonProgram } from './python.ts';

/** W3005: the CDK names each function's role as a dependency, although the function refers to it anyway. */
const ignored = ['--ignore-checks', 'W3005'];

const root = new URL('../..', import.meta.url).pathname;

/** Each makes other resources or properties. */
const variants: Readonly<Record<string, readonly string[]>> = {
  production: ['stage=production', 'alarmEmail=oncall@example.com'],
  'protected, with reservations': [
    'stage=production',
    'protect=true',
    'produceReservedConcurrency=100',
    'onAppendReservedConcurrency=16',
  ],
  'with a domain': [
    'stage=production',
    'domainName=broker.example.com',
    'certificateArn=arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000',
  ],
  'with a table for Athena': ['stage=development', 'glue=true'],
  development: ['stage=development'],
};

const lint = async ({ folder, signal }: Program): Promise<void> => {
  const program = await step('Python environment', () => pythonProgram(signal));
  const log = join(folder, 'log');
  const command = { cwd: root, env: { ...variables(), PATH: searchPath() }, log, signal };
  for (const [name, context] of Object.entries(variants)) {
    await step(`cfn-lint: ${name}`, async () => {
      const output = join(folder, name);
      const settings = context.flatMap((setting) => ['--context', setting]);
      await run(
        {
          ...command,
          file: 'cdk',
          args: ['synth', '--quiet', '--no-notices', '--output', output, ...settings],
        },
        300_000,
      );
      const templates = join(output, '*.template.json');
      const args = ['--regions', 'us-east-1', '--format', 'parseable', ...ignored, '--template', templates];
      await run({ ...command, file: program('cfn-lint'), args }, 300_000);
    });
  }
};

await runProgram('template', lint);
