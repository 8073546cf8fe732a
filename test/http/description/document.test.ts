import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { scopes } from '../../../lib/domain/keys.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { openApiDocument } from '../../../lib/http/description/document.ts';
import { operations, problemsOf } from '../../../lib/http/description/operations.ts';
import { problemCodes, problemSchemaName } from '../../../lib/http/description/problems.ts';
import { paths } from '../../../lib/http/paths.ts';
import { type Description, DescriptionCheck } from '../../harness/description.ts';
import { call, newWorld, withTopic } from '../world.ts';

const document = JSON.parse(JSON.stringify(openApiDocument())) as Description;
const check = new DescriptionCheck(document);
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    line: `${method.toUpperCase()} ${path}`,
    operation,
  })),
);

/** Pages for people, which are no operations. */
const pages = ['GET /docs', 'GET /docs/', 'GET /docs/{file}'];

describe('the description', () => {
  it('is OpenAPI 3.1, as a validator of others has it', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has just the operations that there are routes to', async () => {
    const { apps } = await newWorld();
    const routed = Object.values(apps).flatMap((app) =>
      app.routes
        .filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    expect([...described.map(({ line }) => line), ...pages].toSorted()).toEqual(
      [...new Set(routed)].toSorted(),
    );
    const tabled = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    expect([...new Set(routed)].toSorted()).toEqual(tabled.toSorted());
  });

  it('names each operation once, and says which parameters are in its path', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { line, operation } of described) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(line.match(/\{\w+\}/g) ?? []);
    }
  });

  it('says of every error code which operations are answered it, and has an example of it that fits', () => {
    const answered = new Set(operations.flatMap(problemsOf));
    expect([...answered, 'method_not_allowed'].toSorted()).toEqual([...problemCodes].toSorted());
    for (const code of problemCodes) {
      const schema = document.components.schemas[problemSchemaName(code)] as { examples: unknown[] };
      for (const example of schema.examples) expect(check.faultOf(schema, example)).toBeUndefined();
    }
  });

  it('has an example of every operation, all of which fit its schemas', () => {
    for (const { operation } of described) {
      const { parameters = [], requestBody, responses } = operation;
      const contents = [
        ...parameters.map(({ schema, examples, 'x-examples': hidden }) => ({
          schema,
          examples: { ...examples, ...hidden },
        })),
        ...Object.values(requestBody?.content ?? {}),
        ...Object.values(responses).flatMap(({ content = {} }) => Object.values(content)),
      ];
      const examples = contents.flatMap(({ schema, examples: own = {} }) =>
        Object.entries(own).map(([name, { value }]) => ({ schema, name, value })),
      );
      expect(examples.length, operation.operationId).toBeGreaterThan(0);
      const refused = new Set(Object.keys(examplesOf(responses['400']?.content)));
      for (const { schema, name, value } of examples.filter((example) => !refused.has(example.name)))
        expect(check.faultOf(schema, value), `${operation.operationId} ${name}`).toBeUndefined();
    }
  });

  it('has the limits that a client can meet', () => {
    const text = JSON.stringify(document);
    for (const limit of ['recordBytes', 'requestRecords', 'fetchRecords', 'partitionsPerTopic'] as const) {
      expect(text).toContain(`\`${limit}\``);
      expect(text).toContain(limits[limit].toLocaleString('en-US'));
    }
  });
});

const examplesOf = (content: Description['paths'][string][string]['responses'][string]['content']) =>
  content?.['application/problem+json']?.examples ?? {};

describe('what the description says of keys is so:', () => {
  it.each(described)('$line', async ({ line, operation }) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const [method = '', path = ''] = line.split(' ');
    const target = path.replace('{topic}', 'orders').replaceAll(/\{\w+\}/g, '0');
    const wanted = operation.security.flatMap(({ bearer, apiKey }) => [bearer ?? apiKey]);
    const isOpen = wanted.length === 0;
    const bare = await call(world, `${method} ${target}`, { key: null });
    expect(bare.status === 401).toBe(!isOpen);
    for (const scope of scopes) {
      const key = await world.key({ scopes: [scope] });
      const answer = await call(world, `${method} ${target}`, { key });
      const lacksIt = answer.json['code'] === 'forbidden';
      const mayDoIt =
        isOpen || scope === 'admin' || wanted.some((names) => names?.length === 0 || names?.includes(scope));
      expect(lacksIt, `${scope}: ${answer.text}`).toBe(!mayDoIt);
      check.require(method, target, answer);
    }
  });
});
