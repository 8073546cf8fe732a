import { Problem } from '../../domain/errors.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import {
  askForResend,
  endResend,
  findResend,
  type ResendDeps,
  type ResendStatus,
} from '../../groups/endpoints/resend.ts';
import { type PartitionResend, resendState } from '../../groups/endpoints/resend-progress.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { ResendAnswer } from '../answers/resend.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { resendRequest } from '../schemas/resend.ts';
import { findSubscription } from './groups/find-subscription.ts';

export interface ResendRouteDeps extends ApiDeps, ResendDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
}

const path = '/v1/topics/:topic/groups/:group/endpoints/:endpoint/resend';

const shownPartition = ({
  state,
  attempts,
  retryAt,
  lastFailure,
  ...more
}: PartitionResend): ResendAnswer['partitions'][number] => ({
  ...more,
  status: state,
  ...(attempts > 0 && { attempts }),
  ...(retryAt !== undefined && { retryAt: timestampText(retryAt) }),
  ...(lastFailure !== undefined && { lastFailure }),
});

const sum = (each: readonly number[]): number => each.reduce((total, one) => total + one, 0);

const shown = ({ resend, partitions }: ResendStatus): ResendAnswer => {
  const records = sum(partitions.map(({ from, to }) => to - from));
  const done = sum(partitions.map(({ from, next }) => next - from));
  return {
    id: resend.resendId,
    requestedAt: timestampText(resend.requestedAt),
    status: resendState(partitions),
    records,
    done,
    left: records - done,
    refused: sum(partitions.map(({ refused }) => refused)),
    partitions: partitions.map(shownPartition),
  };
};

const placeIn = (c: ApiContext) => ({
  group: pathParameter(c, 'group'),
  endpointId: pathParameter(c, 'endpoint'),
  requestId: c.get('requestId'),
});

/** Endpoints: sent records again. */
export const resendRoutes = (api: Api, deps: ResendRouteDeps): void => {
  api.post(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const { ranges } = check(resendRequest, await readJson(c, { limit: 'settingsBytes' }));
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    return c.json(shown(await askForResend(deps, topic, placeIn(c), ranges)), 202);
  });
  api.get(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const subscription = await findSubscription(deps, c);
    const found = await findResend(deps, subscription, pathParameter(c, 'endpoint'));
    if (found === undefined) throw new Problem('not_found', 'Nothing was sent to this endpoint again.');
    return answerJson(c, shown(found) satisfies ResendAnswer);
  });
  api.delete(path, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    await endResend(deps, topic, placeIn(c));
    return c.body(null, 204);
  });
};
