import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty';
import { awsAdvice } from '../infra/keys/aws-advice.ts';
import { UsageError } from '../infra/keys/command-line.ts';
import { codeOf } from '../lib/stores/files/codes.ts';
import { whyNot } from '../lib/stores/files/words.ts';
import { BrokerProblem, NoAnswerError } from './broker/problem.ts';
import { CommandError } from './failure.ts';
import { refuseWrongOptions } from './option-words.ts';
import { answer, remark } from './output.ts';
import { InterruptedError } from './terminal/interrupt.ts';

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

/** A whole number within bounds, or what is there where nothing is said. */
export const wholeNumber = <Absent>(
  name: string,
  text: string | undefined,
  { from, absent }: { readonly from: number; readonly absent: Absent },
): number | Absent => {
  if (text === undefined) return absent;
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < from)
    throw new CommandError(`--${name}: a whole number, ${from} or more, not ${JSON.stringify(text)}.`);
  return number;
};

/** Their messages say all. */
const forPeople = [CommandError, UsageError, BrokerProblem, NoAnswerError, InterruptedError];

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (forPeople.some((kind) => error instanceof kind)) return error.message;
  // citty's own, of what is missing on the command line.
  if (error.name === 'CLIError')
    return `${stripVTControlCharacters(error.message).replace(/\.?$/, '.')} --help tells more.`;
  if (codeOf(error) !== undefined && 'path' in error && typeof error.path === 'string')
    return `${error.path} cannot be used: ${whyNot(error)}.`;
  const advice = awsAdvice(error);
  if (advice !== undefined) return advice;
  const why = `${error.name}: ${error.message}`;
  return error.cause === undefined ? why : `${why}\n${wordsOf(error.cause)}`;
};

/** In colours where they are seen. */
const usageOf = async <Args extends ArgsDef>(command: CommandDef<Args>): Promise<string> => {
  const usage = await renderUsage(command);
  return process.stdout.isTTY ? usage : stripVTControlCharacters(usage);
};

/**
 * Runs a command as this process was called. What goes wrong is told in words, and the process then ends with 1.
 * @param mayRepeat options that may come again.
 */
export const runCommandLine = async <Args extends ArgsDef>(
  command: CommandDef<Args>,
  args: Args,
  mayRepeat: readonly string[] = [],
): Promise<void> => {
  const words = process.argv.slice(2);
  try {
    if (words.some(isHelp)) return await answer(`${await usageOf(command)}\n`);
    refuseWrongOptions(words, args, mayRepeat);
    await runCommand(command, { rawArgs: words });
  } catch (error) {
    remark(wordsOf(error));
    process.exitCode = error instanceof InterruptedError ? 130 : 1;
  }
};
