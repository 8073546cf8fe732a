import { beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../lib/http/description/document.ts';
import {
  type DescribedContent,
  type DescribedOperation,
  type DescribedParameter,
  type Description,
  DescriptionCheck,
} from '../../harness/description.ts';
import { type Answer, call, newWorld, produce, type World, withTopic } from '../world.ts';

const document = JSON.parse(JSON.stringify(openApiDocument())) as Description;
const check = new DescriptionCheck(document);

interface Sent {
  readonly operation: DescribedOperation;
  readonly method: string;
  readonly path: string;
  readonly name: string;
}

const namesIn = (contents: readonly (Pick<DescribedContent, 'examples'> | undefined)[]): string[] =>
  contents.flatMap((content) => Object.keys(content?.examples ?? {}));

const contentsOf = (operation: DescribedOperation): readonly DescribedContent[] =>
  Object.values(operation.responses).flatMap(({ content = {} }) => Object.values(content));

const examplesOf = (parameter: DescribedParameter) => ({
  ...parameter.examples,
  ...parameter['x-examples'],
});

/** An example is what bears one name, in the parameters, the body and the answers of an operation. */
const examples: readonly Sent[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) => {
    const requested = namesIn([
      ...(operation.parameters ?? []).map((parameter) => ({ examples: examplesOf(parameter) })),
      ...Object.values(operation.requestBody?.content ?? {}),
    ]);
    const names = new Set([...requested, ...namesIn(contentsOf(operation))]);
    return [...names].map((name) => ({ operation, method: method.toUpperCase(), path, name }));
  }),
);

/** The content type of the answer that bears the example's name. */
const typeOf = ({ operation, name }: Sent): string | undefined =>
  Object.values(operation.responses)
    .flatMap(({ content = {} }) => Object.entries(content))
    .find(([, { examples: own = {} }]) => Object.hasOwn(own, name))?.[0];

/** The status of the answer that bears the example's name; an example that none bears is answered without a body. */
const statusOf = ({ operation, name }: Sent): number => {
  const [named] = Object.entries(operation.responses).filter(([, { content = {} }]) =>
    Object.values(content).some(({ examples: own = {} }) => Object.hasOwn(own, name)),
  );
  const [bare] = Object.entries(operation.responses).filter(
    ([status, { content }]) => status.startsWith('2') && content === undefined,
  );
  return Number((named ?? bare)?.[0]);
};

const parametersOf = ({ operation, name }: Sent, place: string): [string, string][] =>
  (operation.parameters ?? []).flatMap((parameter) => {
    const example = parameter.in === place ? examplesOf(parameter)[name] : undefined;
    return example === undefined ? [] : [[parameter.name, String(example.value)] as [string, string]];
  });

const idIn = (answer: Answer): string => String(answer.json['id']);

const accountSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, email: { type: 'string', format: 'email' } },
  required: ['id'],
  additionalProperties: false,
};

/** Groups whose consumers come for their records; of some a consumer has the record that there is. */
const putPulledGroups = async (world: World): Promise<void> => {
  const groups = '/v1/topics/orders/groups';
  for (const [name, mode] of Object.entries({
    workers: 'pull',
    mailers: 'pull',
    jobs: 'shared',
    resizers: 'shared',
  }))
    await call(world, `PUT ${groups}/${name}`, { json: { mode, start: 'earliest' } });
  for (const name of ['mailers', 'resizers'])
    await call(world, `POST ${groups}/${name}/poll`, { json: { consumerId: 'worker-1' } });
};

/** A broker that has what the examples speak of, and the ids that it gave it. */
const worldOfExamples = async (): Promise<{ world: World; ids: Readonly<Record<string, string>> }> => {
  const world = await newWorld();
  await withTopic(world, 4);
  await produce(world, [{ key: 'customer-7', value: { total: 42 }, partition: 0 }]);
  await withTopic(world, 1, 'accounts');
  await call(world, 'PUT /v1/topics/accounts/schema', { json: { schema: accountSchema } });
  const groups = 'PUT /v1/topics/orders/groups';
  const settings = { mode: 'push', start: 'earliest' };
  for (const group of ['billing', 'reports']) await call(world, `${groups}/${group}`, { json: settings });
  await putPulledGroups(world);
  await call(world, `${groups}/sorters`, { json: { mode: 'shared', start: 'earliest' } });
  const endpoint = await call(world, 'POST /v1/topics/orders/groups/billing/endpoints', {
    json: { url: 'https://billing.example.com/hook' },
  });
  const erasure = await call(world, 'DELETE /v1/topics/orders/records?key=k&waitSeconds=0');
  const key = await call(world, 'POST /v1/keys', { json: { name: 'billing', scopes: ['consume'] } });
  return { world, ids: { endpoint: idIn(endpoint), erasure: idIn(erasure), key: idIn(key) } };
};

/** The id that the example shows stands for the one that there is, unless it is the point that it is none. */
const pathOf = (sent: Sent, ids: Readonly<Record<string, string>>): string => {
  const { examples: shown = {} } =
    sent.operation.responses['404']?.content?.['application/problem+json'] ?? {};
  const isUnknown = Object.hasOwn(shown, sent.name);
  return parametersOf(sent, 'path').reduce(
    (path, [name, value]) => path.replace(`{${name}}`, isUnknown ? value : (ids[name] ?? value)),
    sent.path,
  );
};

const send = async (sent: Sent): Promise<{ path: string; answer: Answer }> => {
  const { world, ids } = await worldOfExamples();
  const path = pathOf(sent, ids);
  const asked = parametersOf(sent, 'query').map(([name, value]): [string, string] =>
    name === 'endpoint' ? [name, ids['endpoint'] ?? value] : [name, value],
  );
  const query = new URLSearchParams(asked).toString();
  const [[type, content] = []] = Object.entries(sent.operation.requestBody?.content ?? {}).filter(
    ([, { examples: own = {} }]) => Object.hasOwn(own, sent.name),
  );
  const value = content?.examples?.[sent.name]?.value;
  const wanted = statusOf(sent) < 300 ? typeOf(sent) : undefined;
  const headers = {
    ...(wanted !== undefined && { accept: wanted }),
    ...(type !== undefined && { 'content-type': type }),
    ...Object.fromEntries(parametersOf(sent, 'header')),
  };
  const body = value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  const line = `${sent.method} ${path}${query === '' ? '' : `?${query}`}`;
  const answer = await call(world, line, { headers, ...(body !== undefined && { body }) });
  return { path, answer };
};

describe('each example of the description is answered as it says:', () => {
  beforeAll(() => {
    expect(examples.length).toBeGreaterThan(Object.keys(document.paths).length);
  });

  it.each(examples)('$operation.operationId $name', async (sent) => {
    const { path, answer } = await send(sent);
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: statusOf(sent) });
    check.require(sent.method, path, answer);
    expect(answer.headers.get('content-type')?.split(';', 1)[0]).toBe(typeOf(sent));
  });
});
