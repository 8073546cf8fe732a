import { type AcknowledgeDeps, acknowledge } from '../../delivery/acks/acknowledge.ts';
import { type AnyDeps, type Api, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { noQuery } from '../query.ts';
import { askedBy, messageOutcome } from '../schemas/acks.ts';
import { check } from '../schemas/check.ts';

export type AcksDeps = AnyDeps & AcknowledgeDeps;

/** `POST /v1/acks/{token}`: open to whoever has the token, which came with a message. Without a body it is acknowledged. */
export const acksRoute = (api: Api, deps: AcksDeps): void => {
  api.post('/v1/acks/:token', async (c) => {
    noQuery(c);
    const body = await readJson(c, { limit: 'acknowledgementBytes', whenEmpty: {} });
    await acknowledge(deps, pathParameter(c, 'token'), askedBy(check(messageOutcome, body)));
    return c.body(null, 204);
  });
};
