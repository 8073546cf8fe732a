import { inPlace, type SchemaObject, schemasIn } from './keywords.ts';
import { pointerOf, type Report, type SchemaIndex } from './schema-index.ts';

const isRemote = (ref: string): boolean => ref !== '' && !ref.startsWith('#');

/** Reports each `$ref` that leads to no schema in here. None is ever fetched. */
export const reportReferences = (index: SchemaIndex, report: Report): void => {
  for (const [pointer, schema] of index.schemas) {
    if (typeof schema === 'boolean' || !Object.hasOwn(schema, '$ref')) continue;
    const ref = schema['$ref'];
    if (pointerOf(index, ref) !== undefined) continue;
    const shown = JSON.stringify(String(ref).slice(0, 200));
    report(
      `${pointer}/$ref`,
      typeof ref === 'string' && isRemote(ref)
        ? `${shown} is not in this schema, and nothing is ever fetched. Put what it stands for under "$defs".`
        : `${shown} leads to no schema in this one. Schemas are found as "#/$defs/name".`,
    );
  }
};

/** Pointers of the schemas that are for the same value as the one at `pointer`. */
function* alongside(index: SchemaIndex, pointer: string, schema: SchemaObject): Generator<string> {
  for (const { at, keyword } of schemasIn(schema)) if (inPlace.has(keyword)) yield `${pointer}${at}`;
  const target = Object.hasOwn(schema, '$ref') ? pointerOf(index, schema['$ref']) : undefined;
  if (target !== undefined) yield target;
}

/** Reports schemas that come back to themselves without a step into the value: to check one would never end. */
export const reportCircles = (index: SchemaIndex, report: Report): void => {
  const finished = new Set<string>();
  const entered = new Set<string>();
  const visit = (pointer: string): void => {
    const schema = index.schemas.get(pointer);
    if (schema === undefined || typeof schema === 'boolean' || finished.has(pointer)) return;
    if (entered.has(pointer)) {
      report(pointer, 'This schema leads back to itself for the same value: it could never be checked.');
      return;
    }
    entered.add(pointer);
    for (const next of alongside(index, pointer, schema)) visit(next);
    entered.delete(pointer);
    finished.add(pointer);
  };
  for (const pointer of index.schemas.keys()) visit(pointer);
};
