import type { MiddlewareHandler } from 'hono';
import type { Quotas } from '../auth/quotas/quotas.ts';
import type { ApiEnv } from './api.ts';
import { problemOf, problemResponse } from './problems.ts';

/**
 * Lets no request pass whose key has used up its quota, before its body is read, and says in every answer to a key that has
 * one what is left of it. What the request takes is for the route to count.
 */
export const metered =
  ({ quotas }: { readonly quotas: Pick<Quotas, 'meterOf'> }): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const meter = quotas.meterOf(c.get('apiKey'));
    if (meter === undefined) return next();
    try {
      meter.requireRoom();
      c.set('meter', meter);
      await next();
    } catch (error) {
      c.res = problemResponse(c.get('requestId'), problemOf(error));
    }
    for (const [name, value] of Object.entries(meter.headers())) c.res.headers.set(name, value);
    return undefined;
  };
