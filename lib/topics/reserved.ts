import { Problem } from '../domain/errors.ts';
import { eventsTopicName, isReservedName } from '../domain/events/topic.ts';
import type { TopicStore } from '../stores/topics.ts';

/**
 * A topic whose name is kept for Millrace cannot be created by a request. One that is there, as of a version before, stays as usable as
 * any.
 * @throws Problem `invalid_request`
 */
export const requireFreeName = async (
  { topics }: { readonly topics: Pick<TopicStore, 'get'> },
  name: string,
): Promise<void> => {
  if (!isReservedName(name) || (await topics.get(name)) !== undefined) return;
  const message =
    'Names that begin with "millrace." are kept for topics that Millrace makes. Choose another name.';
  throw new Problem('invalid_request', `The request is not valid. ${message}`, {
    errors: [{ path: 'topic', message }],
  });
};

/** @throws Problem `forbidden` for the topic of system events, which Millrace alone writes. @param what nobody may do. */
export const refuseForEvents = (topic: string, what: 'append to' | 'delete'): void => {
  if (topic !== eventsTopicName) return;
  throw new Problem(
    'forbidden',
    `Nobody may ${what} "${eventsTopicName}", whatever the API key: in it Millrace tells what happens to groups. Nothing was changed.`,
  );
};
