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

/** @throws Problem `forbidden`, naming the scope that the key lacks. */
export const requireScope = (key: ApiKey, scope: Scope): void => {
  if (hasScope(key, scope)) return;
  throw new Problem('forbidden', `This key lacks the scope "${scope}". It has: ${key.scopes.join(', ')}.`, {
    members: { missingScope: scope },
  });
};

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
