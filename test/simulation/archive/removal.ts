import { RemovalTurns } from '../../../lib/delivery/sweep/take-apart.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import { type Connection, spread } from '../log/network.ts';
import { archiveThrough } from './network.ts';
import { type ArchiveScene, hour, minute } from './scene.ts';

/** A sweep's longest run. */
const runMs = 15 * minute;

/** Some time or other the topic is deleted, as by a request of which nothing is left but what is written down. */
export const deleteTopic = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  const { random, scheduler } = scene;
  await connection.clock.sleep(spread(random, minute, 8 * hour));
  const requestedAt = scheduler.now();
  scene.topic = { ...scene.topic, deletingSince: requestedAt };
  const { name, topicId: id } = scene.topic;
  scene.removal = { kind: 'topic', id, name, partitions: 1, requestedAt };
  for (let round = 0; round < 12; round += 1) {
    await connection.clock.sleep(spread(random, minute, hour));
    await takeApart(scene, connection);
  }
};

/** One turn of a sweep. */
export const takeApart = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  const { batches, clock } = connection;
  const { random, removal, server } = scene;
  if (removal === undefined) return;
  const appender = new Appender({ batches, clock, random });
  const turns = new RemovalTurns({
    topics: topicsOf(scene, connection),
    groups: {
      list: () => connection.reach(() => []),
      delete: async () => undefined,
      deletePlaces: async () => undefined,
    },
    cursors: { deleteAll: async () => undefined },
    members: { deleteAll: async () => undefined },
    paces: { deleteAll: async () => undefined },
    partitions: { deleteAll: async () => undefined },
    schemas: { deleteAll: async () => undefined },
    batches,
    removals: {
      put: async () => undefined,
      list: async () => [],
      noteClosed: (_id, closedAt) =>
        connection.reach(() => {
          scene.removal = scene.removal && { closedAt, ...scene.removal };
        }),
      delete: () =>
        connection.reach(() => {
          scene.removal = undefined;
        }),
    },
    archive: archiveThrough(server, connection),
    appender,
    clock,
  });
  const done = turns.take(removal, () => true).catch(() => 'waits');
  await Promise.race([done, clock.sleep(runMs)]);
  await appender.abandon();
};

const topicsOf = (scene: ArchiveScene, connection: Connection) => ({
  get: () => connection.reach(() => scene.found()),
  update: () => connection.reach(() => scene.found()),
  delete: () =>
    connection.reach(() => {
      const { history, server } = scene;
      if (!history.closed) history.report('the name went before the partition was closed');
      scene.isNamed = false;
      // Nobody finds its records any more.
      server.isAudited = false;
      history.isGone = true;
    }),
});
