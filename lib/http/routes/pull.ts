import { UndecodableBatchError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/topics.ts';
import type { PullGroups } from '../../groups/pull/pull-groups.ts';
import type { Polled, PollRequest } from '../../groups/pull/requests.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerBytes } from '../bytes/answer.ts';
import { noQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import {
  acknowledgementOf,
  ackRequest,
  leaveRequest,
  msOf,
  nackRequest,
  outcomesOf,
  pollRequest,
} from '../schemas/pull.ts';
import { polledBody } from '../shapes/polled.ts';
import { undecodable } from '../undecodable.ts';

export interface PullRouteDeps extends ApiDeps {
  readonly directory: Pick<TopicDirectory, 'resolve'>;
  readonly pulls: Pick<PullGroups, 'poll' | 'acknowledge' | 'giveBack' | 'leave'>;
}

const path = '/v1/topics/:topic/groups/:group';

/** The body and what the path names, in the order in which they are found at fault. */
const bodyOf = async (c: ApiContext): Promise<unknown> => {
  noQuery(c);
  return readJson(c, { limit: 'acknowledgementBytes' });
};

const topicOf = ({ directory }: PullRouteDeps, c: ApiContext): Promise<Topic> =>
  directory.resolve(pathParameter(c, 'topic'));

const polled = async (deps: PullRouteDeps, c: ApiContext, request: PollRequest): Promise<Polled> => {
  const topic = await topicOf(deps, c);
  try {
    return await deps.pulls.poll(topic, pathParameter(c, 'group'), request);
  } catch (error) {
    throw error instanceof UndecodableBatchError ? undecodable(c, deps, topic.topicId, error) : error;
  }
};

/** Given when it is there, as a type that takes no `undefined` wants it. */
const given = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };

/** What consumers of a group that pulls ask for: records, and to acknowledge them, give them back, and leave. */
export const pullRoutes = (api: Api, deps: PullRouteDeps): void => {
  api.post(`${path}/poll`, allow(deps, 'consume'), async (c) => {
    const { waitSeconds, ack, epochs, positions, ...range } = check(pollRequest, await bodyOf(c));
    const answer = await polled(deps, c, {
      ...range,
      waitMs: msOf(waitSeconds),
      ...given('ack', ack && acknowledgementOf(ack)),
      ...given('epochs', epochs),
      ...given('positions', positions),
      signal: c.req.raw.signal,
    });
    return answerBytes(c, polledBody(answer), 'application/json');
  });
  api.post(`${path}/ack`, allow(deps, 'consume'), async (c) => {
    const { consumerId, epochs, ...ack } = check(ackRequest, await bodyOf(c));
    const request = { consumerId, ack: acknowledgementOf(ack), ...given('epochs', epochs) };
    await deps.pulls.acknowledge(await topicOf(deps, c), pathParameter(c, 'group'), request);
    return c.body(null, 204);
  });
  api.post(`${path}/nack`, allow(deps, 'consume'), async (c) => {
    const { consumerId, epochs, offsets, records, delaySeconds = 0 } = check(nackRequest, await bodyOf(c));
    const [topic, group] = [await topicOf(deps, c), pathParameter(c, 'group')];
    const from = { consumerId, ...given('epochs', epochs) };
    if (offsets !== undefined)
      await deps.pulls.giveBack(topic, group, { ...from, offsets, delayMs: msOf(delaySeconds) });
    else {
      const outcomes = outcomesOf(records ?? [], { outcome: 'nack', delaySeconds });
      await deps.pulls.acknowledge(topic, group, { ...from, ack: { records: outcomes } });
    }
    return c.body(null, 204);
  });
  api.post(`${path}/leave`, allow(deps, 'consume'), async (c) => {
    const { consumerId } = check(leaveRequest, await bodyOf(c));
    await deps.pulls.leave(await topicOf(deps, c), pathParameter(c, 'group'), consumerId);
    return c.body(null, 204);
  });
};
