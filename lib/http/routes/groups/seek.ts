import { refuseWhileDeleted } from '../../../domain/topics.ts';
import { type Move, planSeek, type SeekDeps, seekGroup } from '../../../groups/seek.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import type { SeekAnswer } from '../../answers/seek.ts';
import { type Api, type ApiDeps, allow } from '../../api.ts';
import { readJson } from '../../body.ts';
import { answerJson } from '../../bytes/answer.ts';
import { flag, readQuery } from '../../query.ts';
import { check } from '../../schemas/check.ts';
import { seekRequest } from '../../schemas/groups.ts';
import { findSubscription } from './find-subscription.ts';

export interface SeekRouteDeps extends ApiDeps, SeekDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
}

const shownMoves = (moves: readonly Move[]): SeekAnswer => {
  const partitions = moves.map((move) => ({ ...move, records: Math.abs(move.to - move.from) }));
  return { partitions, records: partitions.reduce((sum, { records }) => sum + records, 0) };
};

/** Groups: had go on elsewhere. */
export const seekRoute = (api: Api, deps: SeekRouteDeps): void => {
  api.post('/v1/topics/:topic/groups/:group/seek', allow(deps, 'groups'), async (c) => {
    const isDry = flag('dryRun', readQuery(c, ['dryRun']).dryRun);
    const { to } = check(seekRequest, await readJson(c, { limit: 'settingsBytes' }));
    const { topic, group } = await findSubscription(deps, c);
    refuseWhileDeleted(topic);
    const request = { to, requestId: c.get('requestId'), signal: c.req.raw.signal };
    const moves = isDry ? planSeek(deps, topic, group, request) : seekGroup(deps, topic, group, request);
    return answerJson(c, shownMoves(await moves));
  });
};
