import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import { Problem } from '../domain/errors.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import type { Api } from '../http/api.ts';
import { type Part, partFor } from '../http/paths.ts';
import { problemOf, problemResponse } from '../http/problems.ts';
import { requestTarget, unknownMethod } from '../http/target.ts';
import { systemRandom } from '../stores/system/random.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import { StartError } from './data-folder.ts';
import { gatewayPath } from './gateway-path.ts';
import { Intake } from './intake.ts';
import { bodiesUnderWay, defaultPatience, type Patience } from './patience.ts';
import { UnreadBodies } from './unread-body.ts';

export type Apps = Readonly<Record<Part, Api>>;

export interface HttpServer {
  /** As `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Takes no more connections. From the moment it is called each answer says that its connection closes; what is not
   * over within `graceMs` is cut.
   */
  stop(graceMs: number): Promise<void>;
}

export interface ListenAt {
  /** An IP address of this machine, or `0.0.0.0` or `::` for all of them. Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const loopback = '127.0.0.1';

const whyNot = (error: NodeJS.ErrnoException, { host, port }: Required<ListenAt>): string | undefined => {
  switch (error.code) {
    case 'EADDRINUSE':
      return `The port ${port} at ${host} is taken by another program. Choose another with PORT (0 takes a free one).`;
    case 'EACCES':
      return `The port ${port} at ${host} may not be used by this user. Choose another with PORT (0 takes a free one).`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine. Choose one that is with HOST (0.0.0.0 stands for all of them).`;
    default:
      return undefined;
  }
};

const listen = (server: Server, at: Required<ListenAt>): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = whyNot(error, at);
      reject(why === undefined ? error : new StartError(why));
    });
    server.listen(at.port, at.host, resolve);
  });

/** Where a program on this machine reaches what listens at `host`. */
const urlOf = (host: string, port: number): string => {
  const address = host === '0.0.0.0' || host === '::' ? loopback : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
};

/** Of a request that reaches no application. */
const refusal = (problem: Problem, headers: Readonly<Record<string, string>> = {}): Response => {
  const requestId = newId(systemRandom);
  return problemResponse(requestId, problem, {
    'x-request-id': requestId,
    'cache-control': 'no-store',
    ...headers,
  });
};

const problemBeforeRouting = (error: unknown): Response =>
  refusal(
    error instanceof RequestError
      ? new Problem('invalid_request', 'The address of the request, or its Host header, is not valid.')
      : problemOf(error),
  );

/**
 * What the request asks for, in the form in which a function on AWS gets it. A first line that holds more than a path is
 * left to the listener.
 * @throws Problem `invalid_request`
 */
const targetOf = ({ url = '' }: IncomingMessage): string => {
  const [whole, origin = '', path = '', query = ''] =
    /^(https?:\/\/[^/?#]+)?(\/[^?]*)(?:\?(.*))?$/is.exec(url) ?? [];
  return whole === undefined ? url : origin + requestTarget(gatewayPath(path), query);
};

/** What Node says of a body that does not come as it was announced. */
const bodyFaults: Readonly<Record<string, string>> = {
  HPE_INVALID_EOF_STATE: 'The body broke off. Nothing was written.',
  HPE_INVALID_CHUNK_SIZE: 'The body is not in chunks, as its Transfer-Encoding says. Nothing was written.',
};

const unreadable = (error: NodeJS.ErrnoException): Problem => {
  const { code = '' } = error;
  if (code === 'HPE_INVALID_METHOD') return unknownMethod();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request_timeout', 'The request took too long to come in. Nothing was written.');
  if (code !== 'HPE_HEADER_OVERFLOW')
    return new Problem('invalid_request', bodyFaults[code] ?? 'This is no HTTP request.', { cause: error });
  const limit = 'requestHeadBytes';
  return new Problem(
    'too_large',
    `The first line and the headers of a request may take ${limits[limit]} bytes (limit ${limit}).`,
    { members: exceededLimit(limit) },
  );
};

/** Answers where Node has no request to show, as bytes that are none, and ends the connection. */
const answerBare = async (problem: Problem, socket: Duplex): Promise<void> => {
  const response = refusal(problem, { connection: 'close' });
  const body = Buffer.from(await response.arrayBuffer());
  response.headers.set('content-length', String(body.byteLength));
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  socket.write(
    [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`, ...head, '', ''].join('\r\n'),
  );
  socket.end(body);
};

/** What is being answered, and whether each answer is the last of its connection. */
interface Answering {
  readonly underWay: Set<ServerResponse>;
  closes: boolean;
}

const closeAfter = (answer: ServerResponse): void => {
  if (!answer.headersSent) answer.setHeader('connection', 'close');
};

/** The path of a URL that the listener has checked and put together. */
const pathOf = ({ url }: Request): string =>
  url.slice(url.indexOf('/', url.indexOf('://') + 3)).split(/[?#]/, 1)[0] ?? '';

const serverOptions = ({ headMs, requestMs, checkMs }: Patience): ServerOptions => ({
  maxHeaderSize: limits.requestHeadBytes,
  // A request without a Host header gets a problem as its answer too, and not Node's own.
  requireHostHeader: false,
  headersTimeout: headMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: checkMs,
});

const newServer = (apps: Apps, answering: Answering, clock: Clock, patience: Patience): Server => {
  const unread = new UnreadBodies(clock);
  const bodies = bodiesUnderWay(patience.bodyBytes);
  // The listener puts a Response of its own in place of the global one: it writes that without streams.
  const options = { errorHandler: problemBeforeRouting };
  const listener = getRequestListener(async (request, env) => {
    const app = apps[partFor(request.method, pathOf(request))];
    const response = await app.fetch(request, { ...env, lengthHolds: true, bodies });
    await unread.drop((env as HttpBindings).incoming);
    return response;
  }, options);
  const begin = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    try {
      incoming.url = targetOf(incoming);
    } catch (error) {
      incoming.url = '/';
      return void getRequestListener(() => problemBeforeRouting(error), options)(incoming, outgoing);
    }
    return void listener(incoming, outgoing);
  };
  const intake = new Intake();
  const answers = new WeakMap<Duplex, ServerResponse>();
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answers.set(incoming.socket, outgoing);
    answering.underWay.add(outgoing);
    outgoing.once('close', () => answering.underWay.delete(outgoing));
    if (answering.closes) closeAfter(outgoing);
    intake.add(() => begin(incoming, outgoing));
  };
  /** What ends a connection comes after the requests before it, whose answers may be there already. */
  const afterBegun = (run: () => void): void => intake.add(() => void setImmediate(run));
  const server = createServer(serverOptions(patience), answer);
  server.maxConnections = patience.connections;
  // Else a connection that its client has ended would be ended before its last requests have begun.
  Object.assign(server, { httpAllowHalfOpen: true });
  // What a request expects beside "100-continue" may be passed over (RFC 9110, 10.1.1).
  server.on('checkExpectation', answer);
  server.on('connection', (socket) => {
    intake.accepted();
    socket.once('end', () => afterBegun(() => socket.end()));
  });
  server.on('connect', (_incoming, socket) => void answerBare(unknownMethod(), socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const last = answers.get(socket);
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else if (last === undefined || last.writableFinished) void answerBare(unreadable(error), socket);
    else afterBegun(() => endAfterFault(error, socket, last, unread));
  });
  return server;
};

/** @param last the answer that was asked for last on this connection, and was not over when the fault came. */
const endAfterFault = (
  error: NodeJS.ErrnoException,
  socket: Duplex,
  last: ServerResponse,
  unread: UnreadBodies,
): void => {
  // What is at fault is behind a whole request, or in a body that does not matter: that one's answer comes all the same.
  if (last.writableFinished) socket.end();
  else if (last.req.complete || unread.giveUp(last.req)) {
    closeAfter(last);
    last.once('finish', () => socket.end());
  } else if (last.headersSent) socket.destroy();
  else void answerBare(unreadable(error), socket);
};

/** For so long a connection that nobody uses is left open when the server stops. */
const lingerMs = 250;

/**
 * `http.Server.close` also ends every connection that is just between two requests, under the request that is on its
 * way (nodejs/node #60617): a producer could not tell whether its records were stored. So only the listener is closed
 * here; a connection in use learns from its next answer that it ends, and what stays unused is ended a little later.
 */
const drain = async (server: Server, clock: Clock, graceMs: number): Promise<void> => {
  const over = new AbortController();
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
  const endIdle = async (): Promise<void> => {
    for (; !over.signal.aborted; server.closeIdleConnections()) await clock.sleep(lingerMs, over.signal);
  };
  const ended = endIdle();
  await Promise.race([closed, clock.sleep(graceMs, over.signal)]);
  over.abort();
  server.closeAllConnections();
  await Promise.all([closed, ended]);
};

/**
 * Serves the applications at one port.
 * @throws StartError when the port or the address cannot be had.
 */
export const serveHttp = async (
  apps: Apps,
  { port, host = loopback }: ListenAt,
  clock: Clock,
  patience: Patience = defaultPatience,
): Promise<HttpServer> => {
  const answering: Answering = { underWay: new Set(), closes: false };
  const server = newServer(apps, answering, clock, patience);
  await listen(server, { port, host });
  return {
    url: urlOf(host, (server.address() as AddressInfo).port),
    stop: (graceMs) => {
      answering.closes = true;
      for (const answer of answering.underWay) closeAfter(answer);
      return drain(server, clock, graceMs);
    },
  };
};
