import { Problem } from '../domain/errors.ts';
import type { ApiKey, Scope } from '../domain/keys.ts';

/** `admin` implies the other scopes. */
export const hasScope = (key: ApiKey, scope: Scope): boolean =>
  key.scopes.includes(scope) || key.scopes.includes('admin');

/** Whether the key is for the topic of that name: a pattern is a name, or a prefix followed by `*`. */
export const isForTopic = (key: ApiKey, topic: string): boolean =>
  key.topics === undefined ||
  key.topics.some((pattern) =>
    pattern.endsWith('*') ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern,
  );

/** @throws Problem `forbidden` for a key that has none of `scopes`, naming the first. */
export const requireScope = (key: ApiKey, [scope, ...others]: readonly [Scope, ...Scope[]]): void => {
  if ([scope, ...others].some((each) => hasScope(key, each))) return;
  const lacking = [scope, ...others].map((each) => `"${each}"`).join(' or ');
  throw new Problem('forbidden', `This key lacks the scope ${lacking}. It has: ${key.scopes.join(', ')}.`, {
    members: { missingScope: scope },
  });
};

/** Whether the key can do everything, that to keys included, at that time. */
export const isFullAdmin = ({ scopes, topics, expiresAt }: ApiKey, now: number): boolean =>
  scopes.includes('admin') && topics === undefined && (expiresAt === undefined || expiresAt > now);

/** Whether `other` is valid for as long as `key`, or longer. */
export const lastsAsLong = (other: ApiKey, key: ApiKey): boolean =>
  other.expiresAt === undefined || (key.expiresAt !== undefined && other.expiresAt >= key.expiresAt);

/** @throws Problem `forbidden`, whether there is such a topic or not. */
export const requireTopic = (key: ApiKey, topic: string): void => {
  if (isForTopic(key, topic)) return;
  throw new Problem('forbidden', 'This key is restricted to other topics. Use a key that is for this one.');
};

/** @throws Problem `forbidden` for a key that is restricted to some topics. */
export const requireEveryTopic = (key: ApiKey): void => {
  if (key.topics === undefined) return;
  throw new Problem('forbidden', 'Managing keys takes an admin key that is not restricted to some topics.');
};
