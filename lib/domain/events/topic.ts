import type { TopicSettings } from '../topics.ts';

/** Where Millrace itself says what happens to groups. Nobody else appends to it. */
export const eventsTopicName = 'millrace.events';

/** Names of topics that begin so are for Millrace: none is created by a request, but for the topic of system events. */
const reservedPrefix = 'millrace.';

/** What the topic is made with, when there is something to tell or somebody asks for it. Its retention may be changed. */
export const eventsTopicSettings: TopicSettings = {
  partitions: 2,
  retentionHours: 168,
  retentionBytes: null,
  archive: false,
  cleanup: 'delete',
};

/** Whether a topic of this name cannot be created by a request. */
export const isReservedName = (topic: string): boolean =>
  topic.startsWith(reservedPrefix) && topic !== eventsTopicName;

/** Whether a topic has system events: their own, or what follows from it, as the dead letters of its groups. */
export const holdsEvents = (topic: string): boolean =>
  topic === eventsTopicName || topic.startsWith(`${eventsTopicName}.`);
