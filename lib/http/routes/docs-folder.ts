import type { Api } from '../api.ts';

/** `GET /docs/`, where the links of the page would lead elsewhere: to the page, behind whatever stands before both. */
export const docsFolder = (api: Api): void => {
  api.get('/docs/', (c) => c.redirect('../docs', 308));
};
