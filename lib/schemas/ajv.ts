import type { Ajv2020 as Ajv, ErrorObject } from 'ajv/dist/2020.js';
import type { SchemaObject } from './keywords.ts';

/** Says whether a value fits; of one that does not, `errors` says why. */
export interface Check {
  (value: unknown): unknown;
  errors?: readonly ErrorObject[] | null;
}

const wholeId = 'urn:millrace:schema';

/** By the paths that infra/constructs/bundling.ts puts them under, beside the functions that need them. */
const load = async (): Promise<Validators> => {
  const [{ default: library }, { default: formats }] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('ajv-formats/dist/formats.js'),
  ]);
  return validators(
    (allErrors) =>
      new library.Ajv2020({
        allErrors,
        formats: formats.fullFormats,
        // What it would warn of is reported by what stands around it, or is no fault.
        logger: false,
        strictSchema: false,
        strictTypes: false,
        strictTuples: false,
        // Else a field is there that every object of JavaScript has, as "constructor".
        ownProperties: true,
        validateSchema: false,
      }),
  );
};

/** @param make a validator that knows no schema yet: two schemas may bear the same `$id`. */
const validators = (make: (allErrors: boolean) => Ajv): Validators => {
  const meta = make(true);
  return {
    compile: (schema, { allErrors = false } = {}) => make(allErrors).compile(schema as object),
    parts: (schema) => {
      const ajv = make(false);
      ajv.addSchema(schema as object, wholeId);
      const checks = new Map<string, Check>();
      return (pointer) => {
        const $ref = `${wholeId}#${encodeURI(pointer).replaceAll('#', '%23')}`;
        const check = checks.get(pointer) ?? ajv.compile({ $ref });
        checks.set(pointer, check);
        return check;
      };
    },
    metaErrors: (schema) => {
      void meta.validateSchema(schema as object);
      return meta.errors ?? [];
    },
    knowsFormat: (format) => Object.hasOwn(meta.formats, format),
  };
};

let loaded: Promise<Validators> | undefined;

/** Ajv, loaded when the first topic that has a schema is met: topics without one never wait for it. */
export const loadAjv = (): Promise<Validators> => {
  loaded ??= load();
  return loaded;
};

export interface Validators {
  /**
   * A check of values, which stops at the first fault unless it is to find all.
   * @throws Error when the schema is none.
   */
  readonly compile: (schema: SchemaObject, options?: { readonly allErrors?: boolean }) => Check;
  /** Checks against the schemas in a whole schema, by their pointers. @throws Error when there is none. */
  readonly parts: (schema: SchemaObject) => (pointer: string) => Check;
  /** What makes it no schema of draft 2020-12. */
  readonly metaErrors: (schema: SchemaObject) => readonly ErrorObject[];
  readonly knowsFormat: (format: string) => boolean;
}
