import type { HealthAnswer } from '../answers/health.ts';
import type { Api } from '../api.ts';

/** `GET /v1/health`: open to all, and says only that requests are served. */
export const healthRoute = (api: Api): void => {
  api.get('/v1/health', (c) => c.json({ status: 'ok' } satisfies HealthAnswer));
};
