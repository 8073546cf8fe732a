// The small build, without the library's texts: the rest is time and memory at every cold start.
import * as z from 'zod/mini';
import { type FieldError, Problem, reportedErrors } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { namePattern } from '../../domain/text/names.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';
import { messageOf } from './messages.ts';

z.config({ localeError: messageOf });

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );

/** Whether the fields are those of a form, and only what is in one of them is wrong. */
const isInside = ({ code, path }: z.core.$ZodIssue): boolean =>
  code !== 'unrecognized_keys' && path.length > 0;

/** The errors of one issue: one for each unknown field, those of a name, and of a union those of the form that was meant. */
const fieldErrors = (issue: z.core.$ZodIssue, above: readonly PropertyKey[]): FieldError[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathText([...path, key.slice(0, 100)]),
      message: 'Unknown field.',
    }));
  }
  if (issue.code === 'invalid_key') return issue.issues.flatMap((inner) => fieldErrors(inner, path));
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((form) => form.every(isInside));
    if (meant !== undefined) return meant.flatMap((inner) => fieldErrors(inner, path));
  }
  return [{ path: pathText(path), message: issue.message }];
};

/** A schema that is made when it is first needed: made all at once, they would lengthen every cold start. */
export const whenNeeded = <Schema extends z.ZodMiniType>(make: () => Schema): (() => Schema) => {
  let made: Schema | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/**
 * `input`, if it is what `schema` describes.
 * @throws Problem `invalid_request`.
 */
export const check = <Schema extends z.ZodMiniType>(
  schema: () => Schema,
  input: unknown,
): z.output<Schema> => {
  const result = schema().safeParse(input);
  if (result.success) return result.data;
  const found = result.error.issues.flatMap((issue) => fieldErrors(issue, []));
  // A number may break several rules whose message is the same.
  const errors = [...new Map(found.map((error) => [JSON.stringify(error), error])).values()].slice(
    0,
    reportedErrors,
  );
  const [first] = errors;
  const where = first === undefined || first.path === '' ? '' : ` "${first.path}":`;
  throw new Problem(
    'invalid_request',
    `The request is not valid.${where} ${first?.message ?? ''} Nothing was changed.`,
    {
      errors,
    },
  );
};

export const nameRule = `A name is 1 to ${limits.nameLength} of a-z, A-Z, 0-9, ".", "_" and "-", the first a letter or digit (limit nameLength).`;

export const name = whenNeeded(() => z.string().check(z.regex(namePattern, nameRule)));

/** @throws Problem `invalid_request` */
export const checkName = (what: 'topic' | 'group', text: string): string => {
  if (namePattern.test(text)) return text;
  throw new Problem('invalid_request', `The name of the ${what} is not valid. ${nameRule}`, {
    errors: [{ path: what, message: nameRule }],
  });
};

const timestampRule = 'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00Z.';

/** ISO 8601 with an offset from UTC. */
export const timestamp = whenNeeded(() =>
  z.string(timestampRule).check(z.refine((text) => parseTimestamp(text) !== undefined, timestampRule)),
);

/** A whole number within limits that the message states. */
export const wholeBetween = (from: number, to: number, limit?: keyof typeof limits): z.ZodMiniNumber => {
  const message = `Give a whole number from ${from} to ${to}${limit === undefined ? '' : ` (limit ${limit})`}.`;
  return z.int(message).check(z.minimum(from, message), z.maximum(to, message));
};

/** A field that is known and cannot be given, for the reason that `message` says. */
export const refused = (message: string) => z.exactOptional(z.never(message));

/** Whether an object has any field. */
export const isAny = (given: object): boolean => Object.keys(given).length > 0;

/** Names that JavaScript has a use of its own for: zod leaves the one out without a word, and takes no object with the other. */
const unusable: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

const unusableIn = (input: unknown): string | undefined =>
  Object.keys(Object(input)).find((key) => unusable.has(key.toLowerCase()));

/** An object of any names but `__proto__` and `constructor`, which are refused in whatever case. */
export const recordOf = <Key extends z.core.$ZodRecordKey, Value extends z.core.SomeType>(
  key: Key,
  value: Value,
) =>
  z.pipe(
    z.unknown().check(
      z.refine((input) => unusableIn(input) === undefined, {
        error: ({ input }) => `The name "${unusableIn(input)}" cannot be used.`,
      }),
    ),
    z.record(key, value),
  );
