import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { EmbeddedService } from './dynamodb.ts';

type Request = {
  readonly Name: string;
  readonly Value?: string;
  readonly Type?: string;
  readonly Overwrite?: boolean;
  readonly WithDecryption?: boolean;
};

/** What Parameter Store does with parameters that Millrace uses, by its documentation. */
export class Parameters {
  /** The values of each parameter, version by version. */
  readonly versions = new Map<string, string[]>();
  readonly types = new Map<string, string>();
  /** Called before each request. */
  before: (operation: string) => void = () => undefined;

  answer(operation: string, request: Request): object | string {
    this.before(operation);
    if (operation === 'PutParameter') return this.#put(request);
    if (operation === 'GetParameter') return this.#get(request);
    if (operation === 'DeleteParameter') return this.versions.delete(request.Name) ? {} : 'ParameterNotFound';
    return 'InvalidAction';
  }

  #put({ Name, Value = '', Type = '', Overwrite = false }: Request): object | string {
    const values = this.versions.get(Name);
    if (values !== undefined && !Overwrite) return 'ParameterAlreadyExists';
    if (Value.length > 4096) return 'ValidationException';
    this.versions.set(Name, [...(values ?? []), Value]);
    this.types.set(Name, Type);
    return { Version: (values?.length ?? 0) + 1, Tier: 'Standard' };
  }

  #get({ Name, WithDecryption }: Request): object | string {
    const [name = '', version] = Name.split(':');
    const values = this.versions.get(name) ?? [];
    const Version = version === undefined ? values.length : Number(version);
    const Value = values[Version - 1];
    if (Value === undefined) return 'ParameterNotFound';
    const shown = WithDecryption === true ? Value : 'AQICAH';
    return { Parameter: { Name: name, Type: this.types.get(name), Value: shown, Version } };
  }
}

/** Parameter Store on 127.0.0.1, which checks neither rights nor signatures. */
export const startParameters = async (parameters: Parameters): Promise<EmbeddedService> => {
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    void text(request).then((body) => {
      const answer = parameters.answer(operation, JSON.parse(body) as Request);
      const isError = typeof answer === 'string';
      response.writeHead(isError ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(isError ? { __type: answer } : answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
