import type { Api } from '../api.ts';
import { openApiDocument } from '../description/document.ts';
import { answerVersioned, remembered, versioned } from '../docs/versioned.ts';
import { noQuery } from '../query.ts';

/** `GET /v1/openapi.json`: what the interface is, for programs. Open to all. It is made when it is first asked for. */
export const descriptionRoute = (api: Api): void => {
  const description = remembered(() => versioned(JSON.stringify(openApiDocument()), 'application/json'));
  api.get('/v1/openapi.json', async (c) => {
    noQuery(c);
    return answerVersioned(c, await description());
  });
};
