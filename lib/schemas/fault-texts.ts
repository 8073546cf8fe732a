import type { ErrorObject } from 'ajv/dist/2020.js';

const quoted = (text: unknown): string => JSON.stringify(String(text).slice(0, 100));

const shownValues = 10;

const oneOf = (values: readonly unknown[]): string => {
  const shown = values.slice(0, shownValues).map((value) => JSON.stringify(value).slice(0, 100));
  const more = values.length > shownValues ? `, or one of ${values.length - shownValues} others` : '';
  return `Must be ${shown.length === 1 ? '' : 'one of '}${shown.join(', ')}${more}.`;
};

const list = (types: unknown): string => (Array.isArray(types) ? types.join(' or ') : String(types));

/** What is said of faults where ajv's own text does not say which field, value or rule it is. Nothing of the value is in them but names. */
const texts: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  required: ({ missingProperty }) => `Lacks ${quoted(missingProperty)}.`,
  dependentRequired: ({ property, missingProperty }) =>
    `Lacks ${quoted(missingProperty)}, which goes with ${quoted(property)}.`,
  additionalProperties: ({ additionalProperty }) =>
    `Has ${quoted(additionalProperty)}, which the schema does not allow.`,
  unevaluatedProperties: ({ unevaluatedProperty }) =>
    `Has ${quoted(unevaluatedProperty)}, which the schema does not allow.`,
  propertyNames: ({ propertyName }) => `Has ${quoted(propertyName)}, a name that the schema does not allow.`,
  type: ({ type }) => `Must be of type ${list(type)}.`,
  enum: ({ allowedValues }) => oneOf(allowedValues as readonly unknown[]),
  const: ({ allowedValue }) => oneOf([allowedValue]),
  format: ({ format }) => `Must be of the format ${quoted(format)}.`,
  pattern: ({ pattern }) => `Must match the pattern ${quoted(pattern)}.`,
  'false schema': () => 'Must not be there.',
};

/** A sentence about a fault. */
export const faultText = ({ keyword, params, message = 'does not fit' }: ErrorObject): string => {
  const text = Object.hasOwn(texts, keyword) ? texts[keyword] : undefined;
  return text === undefined
    ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
    : text(params as Readonly<Record<string, unknown>>);
};
