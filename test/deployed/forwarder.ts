import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface Forwarder {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * An address on loopback that passes every request on to `endpoint` with this Host header, by which MiniStack tells its
 * APIs apart: not every machine resolves a name like `<api>.execute-api.localhost`.
 */
export const startForwarder = async (endpoint: URL, host: string): Promise<Forwarder> => {
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const onward = request({
      host: endpoint.hostname,
      port: endpoint.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host },
    });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  const server = createServer(forward);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The forwarder has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
