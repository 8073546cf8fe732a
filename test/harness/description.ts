import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** An OpenAPI document, as far as it is looked at here. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> } & Readonly<
    Record<string, object>
  >;
}

export interface DescribedExample {
  readonly summary: string;
  readonly value: unknown;
}
type Examples = Readonly<Record<string, DescribedExample>>;
export interface DescribedContent {
  readonly schema: object;
  readonly examples?: Examples;
}

export interface DescribedParameter extends DescribedContent {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  /** What a page that fills in examples is to pass over. */
  readonly 'x-examples'?: Examples;
}

export interface DescribedResponse {
  readonly headers?: Readonly<
    Record<string, { readonly $ref?: string; readonly required?: boolean; readonly schema?: object }>
  >;
  readonly content?: Readonly<Record<string, DescribedContent>>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly DescribedParameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, DescribedContent>>;
  };
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

/** One answer, as it came. */
export interface GivenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The same schema, under which no field may be that it does not name; its references lead into the document. */
const strictly = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inside = Object.entries(schema).map(([key, value]) =>
    key === '$ref' ? [key, `description${String(value)}`] : [key, key === 'examples' ? [] : strictly(value)],
  );
  const isObject = 'type' in schema && schema.type === 'object';
  const closed = isObject && 'properties' in schema && !('additionalProperties' in schema);
  return { ...Object.fromEntries(inside), ...(closed && { additionalProperties: false }) };
};

/** Whoever asks for an address that is none, or with a method that it does not take, asks for nothing that is described. */
const ofNoOperation = new Set(['not_found', 'method_not_allowed', 'invalid_request']);

const templateOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** Pages for people, which are no operations. */
const isPage = (path: string): boolean => /^\/docs(?:[/?]|$)/.test(path);

/** What is no JSON is nothing that a schema could describe. */
const parsed = (text: string): unknown => (text === '' ? undefined : JSON.parse(text));

/** Finds out whether answers are as the description says. */
export class DescriptionCheck {
  readonly #description: Description;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #templates: readonly (readonly [RegExp, string])[];

  constructor(description: Description) {
    this.#description = description;
    formats.default(this.#ajv);
    const { schemas } = description.components;
    this.#ajv.addSchema({ $id: 'description', components: { schemas: strictly(schemas) } } as object);
    this.#templates = Object.keys(description.paths)
      .toSorted((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => [templateOf(path), path]);
  }

  /** What keeps `value` from being what a schema of the description says; undefined where nothing does. */
  faultOf(schema: object, value: unknown): string | undefined {
    const key = JSON.stringify(schema);
    const validate = this.#validators.get(key) ?? this.#ajv.compile(strictly(schema) as object);
    this.#validators.set(key, validate);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  operationOf(method: string, path: string): DescribedOperation | undefined {
    const template = this.#templates.find(([pattern]) => pattern.test(path))?.[1] ?? '';
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    return this.#description.paths[template]?.[asked];
  }

  /** @throws Error that says where an answer to `method path` is not as it is described. */
  require(method: string, path: string, answer: GivenAnswer): void {
    const fault = this.#faultOfAnswer(method, path, answer);
    if (fault === undefined) return;
    throw new Error(
      `${method} ${path} was answered ${answer.status} ${answer.text.slice(0, 500)}\nThat is not as lib/http/description says: ${fault}`,
    );
  }

  #faultOfAnswer(method: string, path: string, answer: GivenAnswer): string | undefined {
    if (isPage(path)) return undefined;
    const operation = this.operationOf(method, path.replace(/\?.*$/s, ''));
    if (operation === undefined) {
      const { code } = JSON.parse(answer.text || '{}') as { code?: string };
      return ofNoOperation.has(code ?? '') ? undefined : 'there is no such operation.';
    }
    const response = operation.responses[answer.status];
    if (response === undefined) return `${operation.operationId} has no answer of that status.`;
    return this.#faultOfHeaders(response, answer) ?? this.#faultOfBody(method, response, answer);
  }

  #faultOfHeaders({ headers = {} }: DescribedResponse, answer: GivenAnswer): string | undefined {
    const missing = Object.entries(headers)
      .filter(([name, { $ref, required }]) => ($ref !== undefined || required) && !answer.headers.has(name))
      .map(([name]) => name);
    return missing.length === 0 ? undefined : `it lacks ${missing.join(', ')}.`;
  }

  #faultOfBody(
    method: string,
    { content = {} }: DescribedResponse,
    { headers, text }: GivenAnswer,
  ): string | undefined {
    const type = (headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
    const described = content[type];
    if (text === '' && (method === 'HEAD' || Object.keys(content).length === 0)) return undefined;
    if (described === undefined) return `it has no body of the type "${type}" there.`;
    const isJson = /^application\/([\w.-]+\+)?json$/.test(type);
    return this.faultOf(described.schema, isJson ? parsed(text) : text);
  }
}
