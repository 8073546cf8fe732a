import { pauseGroup, type ResumeGroupDeps, resumeGroup } from '../../../groups/pause.ts';
import type { Clock } from '../../../surroundings/clock.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../../api.ts';
import { noQuery } from '../../query.ts';
import { shown } from './shown.ts';

export interface PauseDeps extends ApiDeps, ResumeGroupDeps {
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly clock: Clock;
}

const path = '/v1/topics/:topic/groups/:group';

/** Groups: paused, and resumed. */
export const pauseRoutes = (api: Api, deps: PauseDeps): void => {
  api.post(`${path}/pause`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    return c.json(shown(await pauseGroup(deps, topic, pathParameter(c, 'group'))));
  });
  api.post(`${path}/resume`, allow(deps, 'groups'), async (c) => {
    noQuery(c);
    const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
    const request = { group: pathParameter(c, 'group'), requestId: c.get('requestId') };
    return c.json(shown(await resumeGroup(deps, topic, request)));
  });
};
