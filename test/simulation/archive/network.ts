import type { ErasureStore } from '../../../lib/stores/erasures.ts';
import { ObjectMissingError, type ObjectStore, type StoredObject } from '../../../lib/stores/objects.ts';
import type { PartitionStore } from '../../../lib/stores/partitions.ts';
import type { SegmentStore } from '../../../lib/stores/segments.ts';
import { hotPartition } from '../log/actors.ts';
import type { Connection } from '../log/network.ts';
import type { ArchiveScene } from './scene.ts';
import type { ArchiveServer } from './store.ts';

/** The archive's stores as a process reaches them. */
export interface ArchiveStores {
  readonly segments: SegmentStore;
  readonly objects: ObjectStore;
  readonly erasures: ErasureStore;
}

/** The archive as the process of a connection reaches it: each call is one exchange, and a write may happen twice. */
export const archiveThrough = (server: ArchiveServer, connection: Connection): ArchiveStores => ({
  segments: segmentsThrough(server, connection),
  objects: objectsThrough(server, connection),
  erasures: erasuresThrough(server, connection),
});

const copies = { copies: true };

const segmentsThrough = (server: ArchiveServer, connection: Connection): SegmentStore => {
  const { segments } = server;
  const write = <T>(serve: () => T): Promise<T> =>
    connection.reach(() => {
      const answer = serve();
      server.audit();
      return answer;
    }, copies);
  return {
    newest: (at) => connection.reach(() => segments.newest(at)),
    seal: (at, segment, former) => write(() => segments.seal(at, segment, former)),
    forgetNewest: (at) => write(() => segments.forgetNewest(at)),
    add: (at, segment) =>
      connection.reach(() => server.name(at, segment, () => segments.add(at, segment)), copies),
    floor: (at, offset) => connection.reach(() => segments.floor(at, offset)),
    list: (at, { from, limit }) =>
      connection.reach(() =>
        segments
          .list(at)
          .filter(({ start }) => start >= from)
          .slice(0, limit),
      ),
    replace: (at, object, segment) =>
      connection.reach(() => server.name(at, segment, () => segments.replace(at, object, segment)), copies),
    delete: (at, segment) => write(() => segments.delete(at, segment)),
  };
};

const objectsThrough = (server: ArchiveServer, connection: Connection): ObjectStore => {
  const { objects } = server;
  const sorted = (): StoredObject[] =>
    [...objects]
      .map(([name, { body, storedAt }]) => ({ name, bytes: body.length, storedAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    put: (name, body) =>
      connection.reach(() => {
        if (!objects.has(name)) objects.set(name, { body, storedAt: server.now() });
      }, copies),
    read: (name, { from, to }) =>
      connection.reach(() => {
        const stored = objects.get(name);
        if (stored === undefined) throw new ObjectMissingError(name);
        return stored.body.subarray(from, to);
      }),
    list: ({ prefix = '', after = '', limit }) =>
      connection.reach(() =>
        sorted()
          .filter(({ name }) => name.startsWith(prefix) && name > after)
          .slice(0, limit),
      ),
    delete: (names) =>
      connection.reach(() => {
        for (const name of names) objects.delete(name);
        server.audit();
      }, copies),
  };
};

/** Audited: the start offset leaves nothing behind that is to be kept, and what is compacted is. */
export const partitionsThrough = (
  scene: ArchiveScene,
  connection: Connection,
): Pick<PartitionStore, 'get' | 'advance'> => {
  const { server } = scene;
  const { state, absences } = server;
  return {
    get: () => connection.reach(() => ({ ...state })),
    advance: (_at, which, to) =>
      connection.reach(() => {
        if (to > state[which] && which === 'startOffset') scene.checkLetGo(to);
        if (to > state[which] && which === 'compactedThrough' && server.isAudited)
          absences.compacted(to, server.segments.list(hotPartition), server.recordsOf);
        state[which] = Math.max(state[which], to);
        server.audit();
      }, copies),
  };
};

const erasuresThrough = (server: ArchiveServer, connection: Connection): ErasureStore => {
  const { absences, erasures, segments } = server;
  return {
    put: (erasure) =>
      connection.reach(() => {
        erasures.put(erasure);
        absences.asked(erasure);
      }, copies),
    get: (ref) => connection.reach(() => erasures.get(ref)),
    list: (topicId) => connection.reach(() => erasures.list(topicId)),
    note: (ref, partition, progress) =>
      connection.reach(() => {
        erasures.note(ref, partition, progress);
        const isDone = erasures.get(ref)?.progress[partition]?.isDone === true;
        if (isDone && server.isAudited) absences.done(ref, segments.list(hotPartition), server.recordsOf);
      }, copies),
  };
};
