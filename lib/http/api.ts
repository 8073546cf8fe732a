import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { Authenticator } from '../auth/authenticator.ts';
import { requireScope, requireTopic } from '../auth/permissions.ts';
import type { Meter } from '../auth/quotas/meter.ts';
import { Problem } from '../domain/errors.ts';
import type { ApiKey, Scope } from '../domain/keys.ts';
import type { Random } from '../surroundings/random.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { methodsAt } from './paths.ts';
import { problemOf, problemResponse } from './problems.ts';

/** The bodies that a process is reading. */
export interface BodiesUnderWay {
  /**
   * Called before a body is read that has so many bytes at most, and what it gives when that is over.
   * @throws Problem `unavailable` where it would be too much with the others.
   */
  begin(bytes: number): () => void;
}

export interface ApiEnv {
  /** What whoever serves the application says of a request. */
  Bindings: {
    /** Its body is not longer than its `content-length`, where it has one: as an HTTP parser makes sure. */
    readonly lengthHolds?: boolean;
    /** Its body was read as text on its way, though it was none: bytes of it were replaced. */
    readonly isDamaged?: boolean;
    /** Where many requests are served at once. */
    readonly bodies?: BodiesUnderWay;
  };
  /** What the middleware leaves for the routes. */
  Variables: {
    requestId: string;
    apiKey: ApiKey;
    /** Of a key that has a quota, on routes that count. */
    meter?: Meter;
  };
}

export type Api = Hono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;

/** What every part of the interface needs. */
export interface AnyDeps {
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** The id that the platform gave the request, where there is one; else a random one is taken. */
  readonly requestId?: (c: Context) => string | undefined;
}

/** What a part needs that is not open to all. */
export interface ApiDeps extends AnyDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
}

/** Whether it is one of ours, or comes from one. */
const isFault = ({ code, details: { cause } }: Problem): boolean =>
  code === 'internal' || (cause instanceof Problem && cause.code === 'internal');

/** An application without routes: it gives every request an id, and every failure the form of DESIGN §10. */
export const newApi = (deps: AnyDeps): Api => {
  const api: Api = new Hono<ApiEnv>();
  api.use(async (c, next) => {
    const requestId = deps.requestId?.(c) ?? Buffer.from(deps.random.bytes(12)).toString('hex');
    c.set('requestId', requestId);
    await next();
    // Not by c.header, which makes the whole answer anew for each.
    const { headers } = c.res;
    headers.set('x-request-id', requestId);
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  });
  api.onError((error, c) => {
    const problem = problemOf(error);
    if (isFault(problem)) {
      deps.telemetry.record({
        kind: 'fault',
        where: `${c.req.method} ${c.req.routePath}`,
        requestId: c.get('requestId'),
        error,
      });
    }
    return problemResponse(c.get('requestId'), problem);
  });
  api.notFound((c) => {
    const methods = methodsAt(c.req.path);
    if (methods === undefined || methods.includes(c.req.method)) {
      return problemResponse(
        c.get('requestId'),
        new Problem('not_found', 'There is nothing at this address. The interface begins at /v1/topics.'),
      );
    }
    const allow = methods.join(', ');
    return problemResponse(
      c.get('requestId'),
      new Problem('method_not_allowed', `This address takes ${allow}.`),
      { allow },
    );
  });
  return api;
};

const presentedKey = (c: ApiContext): string | undefined => {
  const bearer = /^bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '');
  return bearer?.[1] ?? c.req.header('x-api-key');
};

/**
 * Lets a request pass whose key is valid, has one of `scopes` (any key, if none is asked for) and is for the topic in the
 * path.
 * @throws Problem `unauthorized`, `forbidden`
 */
export const allow =
  ({ authenticator }: ApiDeps, ...scopes: readonly Scope[]): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const presented = presentedKey(c);
    if (presented === undefined) {
      throw new Problem(
        'unauthorized',
        'Send an API key: "Authorization: Bearer mr_…" or "X-Api-Key: mr_…".',
      );
    }
    const key = await authenticator.authenticate(presented);
    if (key === undefined) throw new Problem('unauthorized', 'This API key is unknown, deleted or expired.');
    const [scope, ...others] = scopes;
    if (scope !== undefined) requireScope(key, [scope, ...others]);
    const topic = c.req.param('topic');
    if (topic !== undefined) requireTopic(key, topic);
    c.set('apiKey', key);
    return next();
  };

/** A parameter of the path, which the route's pattern makes sure of. */
export const pathParameter = (c: ApiContext, name: string): string => c.req.param(name) ?? '';
