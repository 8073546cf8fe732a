import { type FieldError, Problem, reportedErrors } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { loadAjv, type Validators } from './ajv.ts';
import { faultText } from './fault-texts.ts';
import { isObject, type SchemaObject } from './keywords.ts';
import { reportCircles, reportReferences } from './references.ts';
import { indexSchema, type Report, reportInto, type SchemaIndex } from './schema-index.ts';
import { OvertimeError, withinTime } from './time-limit.ts';

const draft = 'https://json-schema.org/draft/2020-12/schema';

const reportDraft = ({ $schema }: SchemaObject, report: Report): void => {
  if ($schema === undefined || String($schema).replace(/#$/, '') === draft) return;
  report('/$schema', `Give a schema of draft 2020-12, "${draft}", or leave this out.`);
};

const patternFault = (pattern: unknown): string | undefined => {
  try {
    new RegExp(String(pattern), 'u');
    return undefined;
  } catch {
    return 'This is no regular expression of ECMAScript with Unicode (flag "u").';
  }
};

const reportTexts = ({ schemas }: SchemaIndex, { knowsFormat }: Validators, report: Report): void => {
  for (const [pointer, schema] of schemas) {
    if (typeof schema === 'boolean') continue;
    const { pattern, format, patternProperties } = schema;
    const patterns: [string, unknown][] = pattern === undefined ? [] : [['/pattern', pattern]];
    if (isObject(patternProperties))
      for (const name of Object.keys(patternProperties)) patterns.push(['/patternProperties', name]);
    for (const [at, text] of patterns) {
      const fault = patternFault(text);
      if (fault !== undefined) report(`${pointer}${at}`, fault);
    }
    if (typeof format === 'string' && !knowsFormat(format))
      report(
        `${pointer}/format`,
        'Unknown format. A format that nothing checks is left out, or noted as "x-format".',
      );
  }
};

/** Of the errors at one place, the first says what is wrong: the others are of the ways in which it could have been right. */
const reportMeta = (schema: SchemaObject, { metaErrors }: Validators, report: Report): void => {
  const places = new Set<string>();
  for (const error of metaErrors(schema)) {
    if (places.has(error.instancePath)) continue;
    places.add(error.instancePath);
    report(error.instancePath, faultText(error));
  }
};

const reportCompilation = (schema: SchemaObject, { compile }: Validators, report: Report): void => {
  try {
    withinTime(limits.schemaCompileMs, () => compile(schema));
  } catch (error) {
    report(
      '',
      error instanceof OvertimeError
        ? `It takes longer than ${limits.schemaCompileMs} ms to compile (limit schemaCompileMs): make it smaller.`
        : `It cannot be compiled: ${error instanceof Error ? error.message.slice(0, 300) : 'it is not known why'}.`,
    );
  }
};

/**
 * Makes sure that a schema can be used: it is JSON Schema of draft 2020-12 and whole in itself, and says nothing that would not be
 * checked.
 * @throws Problem `invalid_schema`, with where each fault is.
 */
export const requireValid = async (schema: SchemaObject): Promise<SchemaIndex> => {
  const errors: FieldError[] = [];
  const report = reportInto(errors, reportedErrors);
  const validators = await loadAjv();
  reportDraft(schema, report);
  const index = indexSchema(schema, report);
  // What follows goes through the schemas that were found, and may trust that they are few and are schemas.
  if (errors.length === 0) reportMeta(schema, validators, report);
  if (errors.length === 0) reportReferences(index, report);
  if (errors.length === 0) reportCircles(index, report);
  if (errors.length === 0) reportTexts(index, validators, report);
  if (errors.length === 0) reportCompilation(schema, validators, report);
  if (errors.length === 0) return index;
  const [{ path, message } = { path: '', message: '' }] = errors;
  throw new Problem(
    'invalid_schema',
    `Records cannot be checked against this schema. "${path}": ${message} Nothing was changed.`,
    { errors },
  );
};
