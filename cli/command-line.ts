import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty';
import { awsAdvice } from '../infra/keys/aws-advice.ts';
import { UsageError } from '../infra/keys/command-line.ts';
import { BrokerProblem, NoAnswerError } from './broker/problem.ts';
import { CommandError } from './failure.ts';
import { answer, remark } from './output.ts';
import { InterruptedError } from './terminal/interrupt.ts';

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

/** citty takes what it does not know for nothing: a misspelt option would be a default in disguise. */
const refuseUnknown = (words: readonly string[], args: ArgsDef): void => {
  const end = words.indexOf('--');
  for (const word of end < 0 ? words : words.slice(0, end)) {
    const [, name] = /^--([^=]+)/.exec(word) ?? [];
    if (name === undefined ? /^-[a-zA-Z]/.test(word) : !Object.hasOwn(args, name))
      throw new CommandError(
        `There is no option ${word.split('=')[0]}: there are ${Object.keys(args)
          .filter((known) => args[known]?.type !== 'positional')
          .map((known) => `--${known}`)
          .join(', ')}. --help tells more.`,
      );
  }
};

/** Every value that an option was given, which may come more than once; citty gives the last. */
export const everyValue = (words: readonly string[], name: string): readonly string[] =>
  words.flatMap((word, at) => {
    if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
    return word === `--${name}` ? [words[at + 1] ?? ''] : [];
  });

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
  if (error.name === 'CLIError') return `${error.message} --help tells more.`;
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

/** Runs a command as this process was called. What goes wrong is told in words, and the process then ends with 1. */
export const runCommandLine = async <Args extends ArgsDef>(
  command: CommandDef<Args>,
  args: Args,
): Promise<void> => {
  const words = process.argv.slice(2);
  try {
    if (words.some(isHelp)) return await answer(`${await usageOf(command)}\n`);
    refuseUnknown(words, args);
    await runCommand(command, { rawArgs: words });
  } catch (error) {
    remark(wordsOf(error));
    process.exitCode = error instanceof InterruptedError ? 130 : 1;
  }
};
