// The types alone: the library's own texts are time and memory at every cold start, and are not for our users.
import type * as z from 'zod/mini';

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list ([…])',
  object: 'an object ({…})',
  record: 'an object ({…})',
};

const ofType = ({ expected, input }: z.core.$ZodIssueInvalidType): string => {
  const wanted = `Give ${kinds[expected] ?? 'something else'}`;
  return input === undefined ? `This is missing. ${wanted}.` : `${wanted}.`;
};

/** What is said of an issue for which its schema has no text: a whole sentence each. */
export const messageOf = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return ofType(issue as z.core.$ZodIssueInvalidType);
    case 'invalid_value':
      return `Give ${(issue['values'] as readonly unknown[]).map((value) => JSON.stringify(value)).join(' or ')}.`;
    case 'unrecognized_keys':
      return 'Unknown field.';
    case 'too_small':
      return 'This is too small.';
    case 'too_big':
      return 'This is too large.';
    default:
      return 'This is not valid.';
  }
};
