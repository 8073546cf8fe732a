import type { ArgsDef } from 'citty';
import { CommandError } from './failure.ts';

/** An option as it is written: its name, and the value behind `=`, if there is one. */
const optionIn = (word: string): { readonly name: string; readonly inline?: string } | undefined => {
  const [, name, , inline] = /^--([^=]+)(=(.*))?$/s.exec(word) ?? [];
  if (name !== undefined) return inline === undefined ? { name } : { name, inline };
  return /^-[a-zA-Z]/.test(word) ? { name: '' } : undefined;
};

const unknownOption = (word: string, args: ArgsDef): CommandError => {
  const known = Object.keys(args).filter((name) => args[name]?.type !== 'positional');
  const all = known.map((name) => `--${name}`).join(', ');
  return new CommandError(`There is no option ${word.split('=')[0]}: there are ${all}. --help tells more.`);
};

const hasNoValue = (name: string): CommandError =>
  new CommandError(
    `--${name} needs a value, as --${name} … (--${name}=… where it begins with --). --help tells more.`,
  );

/**
 * Refuses what citty would take for nothing, or for something else: options that there are not, that want a value and have
 * none, and that come again where only the last would count.
 * @param mayRepeat options that may come again.
 * @throws CommandError
 */
export const refuseWrongOptions = (
  words: readonly string[],
  args: ArgsDef,
  mayRepeat: readonly string[],
): void => {
  const seen = new Set<string>();
  for (let at = 0; at < words.length && words[at] !== '--'; at += 1) {
    const word = words[at] ?? '';
    const option = optionIn(word);
    if (option === undefined) continue;
    const { name, inline } = option;
    const type = Object.hasOwn(args, name) ? args[name]?.type : 'positional';
    if (type === 'positional') throw unknownOption(word, args);
    if (type === 'boolean' && inline !== undefined)
      throw new CommandError(`--${name} takes no value: it is there or not.`);
    if (type !== 'boolean' && inline === undefined) {
      at += 1;
      const value = words[at] ?? '';
      if (value === '' || value.startsWith('--')) throw hasNoValue(name);
    }
    if (inline === '') throw hasNoValue(name);
    if (seen.has(name) && !mayRepeat.includes(name))
      throw new CommandError(`--${name} is given twice: which one counts?`);
    seen.add(name);
  }
};

/** Every value that an option was given, which may come more than once; citty gives the last. */
export const everyValue = (words: readonly string[], name: string): readonly string[] =>
  words.flatMap((word, at) => {
    if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
    return word === `--${name}` ? [words[at + 1] ?? ''] : [];
  });
