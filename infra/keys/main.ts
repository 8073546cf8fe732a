/** `npm run keys`: makes, lists and revokes API keys of a deployed stack, with the caller's own AWS credentials. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { dynamoKeyStore } from '../../lib/stores/dynamodb/api-keys.ts';
import { createStateClient } from '../../lib/stores/dynamodb/table/client.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import { type Reach, reachOf } from './account.ts';
import { awsAdvice } from './aws-advice.ts';
import { readCommand, type Target, UsageError, usage } from './command-line.ts';
import { runCommand } from './commands.ts';
import { stateTableOf } from './stack-output.ts';

const remark = (line: string): void => console.error(line);
const answer = (line: string): void => console.log(line);

const tableOf = async (target: Target, reach: Reach): Promise<string> =>
  'table' in target
    ? target.table
    : stateTableOf(new CloudFormationClient(reach), target.stack, reach.region);

const reasons = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const why = `${error.name}: ${error.message}`;
  return error.cause === undefined ? why : `${why}\n${reasons(error.cause)}`;
};

const main = async (args: readonly string[]): Promise<number> => {
  if (args.some((word) => word === '--help' || word === '-h')) {
    answer(usage);
    return 0;
  }
  const { account, ...task } = readCommand(args, systemClock.now());
  const reach = await reachOf(account, process.env);
  const keys = dynamoKeyStore({
    client: createStateClient(reach),
    table: await tableOf(task.target, reach),
    clock: systemClock,
  });
  const done = await runCommand({ keys, clock: systemClock, random: systemRandom, answer, remark }, task);
  return done ? 0 : 1;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) remark(`${error.message}\n\n${usage}`);
  // What AWS says (no credentials, no right to do this) is for people; its stack is not.
  else remark(awsAdvice(error) ?? reasons(error));
  process.exitCode = 1;
}
