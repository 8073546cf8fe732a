import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { startFauxqs } from 'fauxqs';
import type { EmbeddedService } from './dynamodb.ts';

interface Listener {
  listen(options: { port: number; host: string }): Promise<string>;
}

/** fauxqs binds every interface and has no option for it; Fastify announces each server it makes, so it is told here. */
const onLoopback = (message: unknown): void => {
  const { fastify } = message as { fastify: Listener };
  const listen = fastify.listen.bind(fastify);
  fastify.listen = (options) => listen({ ...options, host: '127.0.0.1' });
};

/** SQS and S3 as fauxqs plays them, at one endpoint, in memory. */
export const startSqsAndS3 = async (): Promise<EmbeddedService> => {
  const initialised = 'fastify.initialization';
  subscribe(initialised, onLoopback);
  // Its Fastify server is made before this returns its promise.
  const starting = startFauxqs({ port: 0, logger: false });
  unsubscribe(initialised, onLoopback);
  const server = await starting;
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
};
