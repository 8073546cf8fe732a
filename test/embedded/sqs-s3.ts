import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { startFauxqs } from 'fauxqs';
import type { EmbeddedService } from './dynamodb.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

interface Reply {
  code(status: number): Reply;
  type(contentType: string): Reply;
  send(body: string): Reply;
}

/** What is used of the Fastify server that fauxqs makes. */
interface Server {
  listen(options: { port: number; host: string }): Promise<string>;
  addHook(name: 'onRoute', hook: (route: { bodyLimit?: number }) => void): void;
  addHook(name: 'preHandler', hook: (request: Request, reply: Reply) => Promise<unknown>): void;
  inject(request: { method: 'HEAD'; url: string }): Promise<{ readonly statusCode: number }>;
}

/** It refuses a body of more than 11 MiB, which S3 takes up to 5 GiB of. */
const bodyLimit = 64 * 2 ** 20;

const preconditionFailed =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>PreconditionFailed</Code><Message>It is there.</Message></Error>';

/**
 * Fastify announces each server it makes, so that fauxqs gets here what it has no option for: it binds every interface,
 * takes no large body, and puts an object in the place of another in spite of `If-None-Match: *`.
 */
const asWanted = (message: unknown): void => {
  const { fastify } = message as { fastify: Server };
  const listen = fastify.listen.bind(fastify);
  fastify.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit = bodyLimit;
  });
  fastify.addHook('preHandler', async ({ method, url, headers }, reply) => {
    if (method !== 'PUT' || headers['if-none-match'] !== '*') return;
    const { pathname } = new URL(url, 'http://fauxqs');
    if ((await fastify.inject({ method: 'HEAD', url: pathname })).statusCode !== 200) return;
    return reply.code(412).type('application/xml').send(preconditionFailed);
  });
};

/** SQS and S3 as fauxqs plays them, at one endpoint, in memory. */
export const startSqsAndS3 = async (): Promise<EmbeddedService> => {
  const initialised = 'fastify.initialization';
  subscribe(initialised, asWanted);
  // Its Fastify server is made before this returns its promise.
  const starting = startFauxqs({ port: 0, logger: false });
  unsubscribe(initialised, asWanted);
  const server = await starting;
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
};
