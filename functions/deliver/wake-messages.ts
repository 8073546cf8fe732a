import type { Wake } from '../../lib/domain/wakes.ts';

const kinds: Record<Wake['kind'], true> = { append: true, retry: true, continue: true, resume: true };

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const optional =
  (holds: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || holds(value);

const members: Record<keyof Wake, (value: unknown) => boolean> = {
  kind: (value) => isText(value) && Object.hasOwn(kinds, value),
  topicId: isText,
  groupId: isText,
  group: isText,
  partition: isCount,
  epoch: optional(isCount),
  requestId: optional(isText),
  traceparent: optional(isText),
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw new TypeError('A message on the wake queue is no JSON');
  }
};

/**
 * The wake in the body of a message.
 * @throws TypeError saying what is wrong with it, and nothing of what it holds.
 */
export const parseWake = (body: string): Wake => {
  const message = parsed(body);
  if (typeof message !== 'object' || message === null)
    throw new TypeError('A message on the wake queue is no object');
  const wrong = Object.entries(members)
    .filter(([name, holds]) => !holds((message as Record<string, unknown>)[name]))
    .map(([name]) => name);
  if (wrong.length > 0)
    throw new TypeError(`A message on the wake queue is no wake: ${wrong.join(', ')} missing or wrong`);
  return message as Wake;
};
