import { type RedriveDeps, redriveDeadLetters } from '../../../groups/redrive.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import type { RedriveAnswer } from '../../answers/redrive.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../../api.ts';
import { readJson } from '../../body.ts';
import { answerJson } from '../../bytes/answer.ts';
import { noQuery } from '../../query.ts';
import { check } from '../../schemas/check.ts';
import { choiceOf, redriveRequest } from '../../schemas/redrive.ts';

export interface RedriveRouteDeps extends ApiDeps, RedriveDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
}

/** Groups: given their dead letters again. */
export const redriveRoute = (api: Api, deps: RedriveRouteDeps): void => {
  api.post('/v1/topics/:topic/groups/:group/redrive', allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const request = check(redriveRequest, await readJson(c, { limit: 'settingsBytes', whenEmpty: {} }));
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const [group, requestId] = [pathParameter(c, 'group'), c.get('requestId')];
    const asked = await redriveDeadLetters(deps, topic, group, choiceOf(request), requestId);
    const partitions = asked.map((range) => ({ ...range, records: range.to - range.from }));
    const records = partitions.reduce((sum, range) => sum + range.records, 0);
    return answerJson(c, { partitions, records } satisfies RedriveAnswer);
  });
};
