import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { dirname } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { damaged } from '../data-folder.ts';
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

const isSqliteError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';

/**
 * SQS and S3 as fauxqs plays them, at one endpoint. Queues, messages and objects outlive the process, `kill -9`
 * included; a message that was in flight then comes back when its visibility timeout is over.
 * @param folder Where it keeps them; in memory without.
 * @throws StartError when they cannot be read.
 */
export const startSqsAndS3 = async (folder?: string): Promise<EmbeddedService> => {
  const initialised = 'fastify.initialization';
  subscribe(initialised, onLoopback);
  // Its Fastify server is made before this returns its promise.
  const starting = startFauxqs({
    port: 0,
    logger: false,
    ...(folder === undefined ? {} : { dataDir: folder }),
  });
  unsubscribe(initialised, onLoopback);
  const server = await starting.catch((error: unknown) => {
    if (folder === undefined || !isSqliteError(error)) throw error;
    throw damaged(
      dirname(folder),
      folder,
      error,
      'It holds no records, only the queue of what is to be delivered, which the next start fills again: delete it.',
    );
  });
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
};
