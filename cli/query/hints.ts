import { everyTopic, ownViews } from './views.ts';

/** Names that SQL takes without quotes, unless they are words of its own. */
const plain = /^[a-z_][a-z0-9_]*$/i;

const quoted = (name: string): string => (plain.test(name) ? name : `"${name}"`);

/** The names of what can be asked of, and of the topics that have no view. */
const whatThereIs = (topics: readonly string[]): string => {
  const own = ownViews(topics.map((name) => ({ name })));
  const others = topics.filter((name) => !own.has(name));
  const views = own.size === 0 ? '' : ` and, of topics, ${[...own].map(quoted).join(', ')}`;
  if (others.length === 0) return `There are ${everyTopic}${views}.`;
  const [first = ''] = others;
  const why =
    others.length === 1 && first === everyTopic
      ? 'is'
      : 'are, as their names mean the same to SQL as others,';
  return `There are ${everyTopic}${views}; ${others.join(', ')} ${why} in ${everyTopic} alone, where topic = '${first}'.`;
};

/** Whether a name stands in a statement, and not as a part of a longer one. */
export const stands = (statement: string, name: string): boolean =>
  new RegExp(`(?<![\\w.-])${name.replaceAll('.', '\\.')}(?![\\w.-])`, 'i').test(statement);

const standsUnquoted = (statement: string, name: string): boolean =>
  stands(statement.replaceAll(/"[^"]*"/g, '""'), name);

/**
 * What may help with what DuckDB says of a statement. Empty where nothing is known.
 * @param topics their names.
 */
export const hintOn = (said: string, statement: string, topics: readonly string[]): string => {
  if (/Table with name/.test(said)) return whatThereIs(topics);
  const [, near] = /syntax error at or near "([^"]+)"/.exec(said) ?? [];
  if (near === undefined) return '';
  const isMeant = (name: string): boolean =>
    standsUnquoted(statement, name) && (!plain.test(name) || name.toLowerCase() === near.toLowerCase());
  const unquoted = [...topics.filter(isMeant), ...(standsUnquoted(statement, 'offset') ? ['offset'] : [])];
  return unquoted.length === 0
    ? ''
    : `What is no plain name to SQL stands in double quotes: ${unquoted.map((name) => `"${name}"`).join(', ')}. For the shell, put single quotes around the statement.`;
};
