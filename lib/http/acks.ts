import { type Api, newApi } from './api.ts';
import { type AcksDeps, acksRoute } from './routes/acks.ts';

/** The application by which consumers acknowledge, by token, messages that their endpoint took. It asks for no key. */
export const acksApp = (deps: AcksDeps): Api => {
  const api = newApi(deps);
  acksRoute(api, deps);
  return api;
};
