import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a broker as a stage of API Gateway with a name does: its paths begin with `/<stage>`. */
export const startStage = async (
  broker: URL,
  stage: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    if (!url.startsWith(`/${stage}/`)) return void outgoing.writeHead(403).end('{"message":"Forbidden"}');
    const path = url.slice(stage.length + 1);
    const sent = request(new URL(path, broker), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${stage}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};
