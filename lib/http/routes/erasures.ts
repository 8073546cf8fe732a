import { awaitErasure, type RequestErasureDeps, requestErasure } from '../../archive/erasure/request.ts';
import { type Erasure, erasedBy, pendingPartitions } from '../../domain/archive/erasures.ts';
import { Problem } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { ErasureStore } from '../../stores/erasures.ts';
import type { TopicDirectory } from '../../topics/directory.ts';
import type { ErasureAnswer, ErasureListAnswer } from '../answers/erasures.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { answerJson } from '../bytes/answer.ts';
import { limitedNumber, noQuery, readQuery } from '../query.ts';

export interface ErasureDeps extends ApiDeps, RequestErasureDeps {
  readonly erasures: ErasureStore;
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
}

const topicPath = '/v1/topics/:topic';
const defaultWaitSeconds = 5;

const shown = (erasure: Erasure): ErasureAnswer => {
  const waiting = pendingPartitions(erasure).length;
  return {
    id: erasure.erasureId,
    topic: erasure.topic,
    requestedAt: timestampText(erasure.requestedAt),
    status: waiting === 0 ? 'done' : 'running',
    erased: erasedBy(erasure),
    partitions: { done: erasure.ends.length - waiting, of: erasure.ends.length },
  };
};

/** @throws Problem `invalid_request` */
const keyIn = (c: ApiContext): { readonly key: string; readonly waitSeconds: number } => {
  const { key, waitSeconds } = readQuery(c, ['key', 'waitSeconds']);
  const message =
    key === undefined
      ? 'Say which key: ?key=… Only the records of a key can be erased.'
      : Buffer.byteLength(key) > limits.recordKeyBytes
        ? `A key has at most ${limits.recordKeyBytes} bytes (limit recordKeyBytes).`
        : undefined;
  if (key === undefined || message !== undefined) {
    throw new Problem('invalid_request', `${message ?? ''} Nothing was erased.`, {
      errors: [{ path: 'key', message: message ?? '' }],
    });
  }
  const wait = { from: 0, absent: defaultWaitSeconds, limit: 'fetchWaitSeconds' } as const;
  return { key, waitSeconds: limitedNumber('waitSeconds', waitSeconds, wait) };
};

/** Erasures of a topic's records by key: asked for, listed and shown. */
export const erasureRoutes = (api: Api, deps: ErasureDeps): void => {
  api.delete(`${topicPath}/records`, allow(deps, 'admin'), async (c) => {
    const { key, waitSeconds } = keyIn(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const erasure = await requestErasure(deps, topic, key);
    const found = await awaitErasure(deps, erasure, waitSeconds * 1000);
    return c.json(shown(found), pendingPartitions(found).length === 0 ? 200 : 202);
  });
  api.get(`${topicPath}/erasures`, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const { topicId } = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const erasures = await deps.erasures.list(topicId);
    const sorted = erasures.toSorted((a, b) => a.requestedAt - b.requestedAt);
    return answerJson(c, { erasures: sorted.map(shown) } satisfies ErasureListAnswer);
  });
  api.get(`${topicPath}/erasures/:erasure`, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const { topicId } = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const erasure = await deps.erasures.get({ topicId, erasureId: pathParameter(c, 'erasure') });
    if (erasure === undefined) throw new Problem('not_found', 'The topic has no such erasure.');
    return c.json(shown(erasure));
  });
};
