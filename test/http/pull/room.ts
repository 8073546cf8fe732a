import { expect } from 'vitest';
import type { GroupMode, ReadingSettings } from '../../../lib/domain/groups/groups.ts';
import { type Answer, type AppDeps, call, newWorld, type World, withTopic } from '../world.ts';

type Verb = 'poll' | 'ack' | 'nack' | 'leave';

export interface Room {
  readonly world: World;
  readonly groupId: string;
  /** Asks the group for something, with the root key unless another is given. */
  readonly ask: (verb: Verb, body: unknown, options?: { readonly key?: string }) => Promise<Answer>;
}

export interface RoomOptions {
  readonly partitions?: number;
  readonly mode?: Exclude<GroupMode, 'push'>;
  readonly reading?: Partial<ReadingSettings>;
  readonly replace?: (deps: AppDeps) => Partial<AppDeps>;
}

export const groupPath = '/v1/topics/orders/groups/workers';

/** The topic `orders`, and the group `workers` whose consumers come for its records from the oldest on. */
export const newRoom = async (options: RoomOptions = {}): Promise<Room> => {
  const { partitions = 1, mode = 'pull', reading, replace } = options;
  const world = await newWorld(replace);
  await withTopic(world, partitions);
  const made = await call(world, `PUT ${groupPath}`, { json: { mode, start: 'earliest', ...reading } });
  expect(made.status).toBe(201);
  const { topicId } = await world.deps.directory.resolve('orders');
  const groupId = (await world.stores.groups.get({ topicId, group: 'workers' }))?.group.groupId ?? '';
  return {
    world,
    groupId,
    ask: (verb, body, { key } = {}) =>
      call(world, `POST ${groupPath}/${verb}`, { json: body, ...(key !== undefined && { key }) }),
  };
};

export const recordsIn = ({ json }: Answer) =>
  json['records'] as readonly Readonly<Record<string, unknown>>[];

/** `<partition>:<offset>` of each record. */
export const placesIn = (answer: Answer): string[] =>
  recordsIn(answer).map(({ partition, offset }) => `${String(partition)}:${String(offset)}`);
