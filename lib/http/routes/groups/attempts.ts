import type { LoggedAttempt } from '../../../domain/delivery/attempts.ts';
import { timestampText } from '../../../domain/text/timestamps.ts';
import type { AttemptStore } from '../../../stores/attempts.ts';
import type { GroupStore } from '../../../stores/groups.ts';
import type { Clock } from '../../../surroundings/clock.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import type { AttemptAnswer, AttemptListAnswer } from '../../answers/attempts.ts';
import { type Api, type ApiDeps, allow } from '../../api.ts';
import { answerJson } from '../../bytes/answer.ts';
import { readQuery } from '../../query.ts';
import { attemptCursor, attemptParameters, parseAttemptQuery } from '../../schemas/attempts.ts';
import { findSubscription } from './find-subscription.ts';

export interface AttemptListDeps extends ApiDeps {
  readonly attempts: Pick<AttemptStore, 'list'>;
  readonly groups: Pick<GroupStore, 'get'>;
  readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
  readonly clock: Clock;
}

const shown = ({
  attemptId,
  at,
  endpointId,
  ms,
  partition,
  messageId,
  from,
  to,
  records,
  attempt,
  outcome,
  ...more
}: LoggedAttempt): AttemptAnswer => ({
  id: attemptId,
  at: timestampText(at),
  partition,
  endpoint: endpointId,
  messageId,
  from,
  to,
  records,
  attempt,
  outcome,
  durationMs: ms,
  ...more,
});

/** Groups: what requests to their endpoints came to. */
export const attemptRoute = (api: Api, deps: AttemptListDeps): void => {
  api.get('/v1/topics/:topic/groups/:group/attempts', allow(deps, 'consume', 'groups'), async (c) => {
    const query = parseAttemptQuery(readQuery(c, attemptParameters), deps.clock.now());
    const { group } = await findSubscription(deps, c);
    // No other is pushed to, and so has an attempt.
    const { attempts, next } =
      group.mode === 'push'
        ? await deps.attempts.list(group.groupId, query)
        : { attempts: [], next: undefined };
    const more = next === undefined ? {} : { nextCursor: attemptCursor(next) };
    return answerJson(c, { attempts: attempts.map(shown), ...more } satisfies AttemptListAnswer);
  });
};
