import { archivePartition } from '../../../lib/archive/archiver.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { requestErasure } from '../../../lib/archive/erasure/request.ts';
import { deleteOrphans, type OrphanDeps } from '../../../lib/archive/orphans.ts';
import { NotSentError, Problem, ThrottledError } from '../../../lib/domain/errors.ts';
import { Reader } from '../../../lib/log/read/reader.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import { ObjectMissingError } from '../../../lib/stores/objects.ts';
import type { PartitionStore } from '../../../lib/stores/partitions.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { hotPartition } from '../log/actors.ts';
import { type Connection, spread } from '../log/network.ts';
import { asReadersAsk, type ReaderDeps } from '../log/readers.ts';
import { archiveThrough, partitionsThrough } from './network.ts';
import { readInAllWays, WatchedArchive } from './readers.ts';
import { type ArchiveScene, hour, minute } from './scene.ts';

/** A function's longest run. */
const runMs = 15 * minute;

/** Archivers are told to look: often several at once, by a message that came twice, or for an erasure that is asked for. */
export const sendTasks = async (scene: ArchiveScene): Promise<void> => {
  const { random, scheduler } = scene;
  const soon = (act: (connection: Connection) => Promise<void>): void => {
    scene.start(async (connection) => {
      await connection.clock.sleep(spread(random, 1, 3_000));
      await act(connection);
    });
  };
  const looks = (): void => soon((connection) => archive(scene, connection));
  for (let round = 0; round < 8; round += 1) {
    await scheduler.clock.sleep(spread(random, minute, 90 * minute));
    for (let more = 1; more > random.number(); more *= 0.7) looks();
    if (random.number() < scene.erases) soon((connection) => erase(scene, connection, looks));
    if (random.number() < 0.15) soon((connection) => clear(scene, connection));
    if (random.number() < 0.2)
      soon((connection) => readInAllWays(() => readerOf(scene, connection), { rounds: 6, breaks: 0 }));
  }
};

/** What `act` comes to before its function is ended; what it has sent, and a frozen process, go on. */
const inOneRun = async <T>(
  { history }: ArchiveScene,
  { clock }: Connection,
  act: Promise<T>,
): Promise<T | undefined> => {
  const outcome = act.catch((error: unknown) => {
    if (!mishaps.some((kind) => error instanceof kind)) history.report(`a run failed: ${String(error)}`);
    return undefined;
  });
  return (await Promise.race([outcome, clock.sleep(runMs)])) ?? undefined;
};

/** What a run may end with: a later one goes on. */
const mishaps = [Problem, ThrottledError, NotSentError, ObjectMissingError];

export const archive = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  const { clock } = connection;
  const until = clock.monotonic() + runMs;
  const run = { remainingMs: () => until - clock.monotonic() };
  const task = { topic: scene.topic.name, ...hotPartition };
  await inOneRun(scene, connection, archivePartition(archiverOf(scene, connection), task, run));
};

const archiverOf = (scene: ArchiveScene, connection: Connection): ArchiverDeps => {
  const { server, random, options, compaction, variant } = scene;
  const { batches, clock } = connection;
  const stores = archiveThrough(server, connection);
  const deps: ArchiverDeps = {
    ...stores,
    topics: { get: () => connection.reach(() => scene.found()) },
    batches: {
      ...batches,
      delete: async (at, bases) => {
        await batches.delete(at, bases);
        server.audit();
      },
    },
    partitions: partitionsThrough(scene, connection),
    segments: {
      ...stores.segments,
      add: async (at, segment) => {
        scene.segments += 1;
        return stores.segments.add(at, segment);
      },
    },
    format: jsonSegments,
    clock,
    random,
    telemetry: noTelemetry,
    options,
    compaction,
  };
  return variant.archiver?.(deps) ?? deps;
};

/** The records of a key are to be erased, as a request has it: an archiver looks at once. */
const erase = async (scene: ArchiveScene, connection: Connection, looks: () => void): Promise<void> => {
  const { random, history, server } = scene;
  const topic = scene.found();
  if (topic?.archive !== true) return;
  const { reader } = readerOf(scene, connection);
  const { erasures } = archiveThrough(server, connection);
  const archiveQueue = { send: async () => looks() };
  const endBefore = history.end;
  const deps = { erasures, reader, clock: connection.clock, random, archiveQueue };
  const erasure = await inOneRun(scene, connection, requestErasure(deps, topic, scene.someKey()));
  const end = erasure?.ends[0] ?? endBefore;
  if (end < endBefore && !history.isGone)
    history.report(`an erasure covers what is below ${end}, and the log ended at ${endBefore}`);
};

export const clearNowAndThen = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  for (let round = 0; round < 2; round += 1) {
    await connection.clock.sleep(spread(scene.random, minute, 30 * hour));
    await clear(scene, connection);
  }
};

export const clear = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  const { server, variant } = scene;
  const { segments, objects } = archiveThrough(server, connection);
  const deps: OrphanDeps = {
    topics: { get: () => connection.reach(() => scene.found()) },
    segments,
    partitions: partitionsThrough(scene, connection),
    objects,
    clock: connection.clock,
  };
  await inOneRun(
    scene,
    connection,
    deleteOrphans(variant.orphans?.(deps) ?? deps, undefined, () => true),
  );
};

/** The archive is turned off for a while, in which retention may get past it, and so is compaction. */
export const turnOnAndOff = async (scene: ArchiveScene, { clock }: Connection): Promise<void> => {
  const { random } = scene;
  for (let turn = 0; turn < 6; turn += 1) {
    await clock.sleep(spread(random, minute, 6 * hour));
    const isOn = !scene.topic.archive;
    scene.change({ archive: isOn, cleanup: isOn && random.number() < 0.7 ? 'compact' : 'delete' });
  }
};

/** How a reader asks for every part of an object by itself, and again whenever it wants it. */
const forgetful = { wholeObjectBytes: 0, readAheadBytes: 0, rowGroupBytes: 1, footerBytes: 1 };

/** A process that reads, and has read nothing yet. */
export const readerOf = (scene: ArchiveScene, connection: Connection): ReaderDeps => {
  const { server, variant, random, history } = scene;
  const { clock, batches, nextMonotonic } = connection;
  const { state, absences } = server;
  const stores = archiveThrough(server, connection);
  const memory = random.number() < 0.5 ? {} : forgetful;
  const given = { ...stores, format: jsonSegments, clock, options: memory };
  const watch = { absences, clock, nextMonotonic };
  const partitions: PartitionStore = {
    ...partitionsThrough(scene, connection),
    list: () => connection.reach(() => new Map([[0, { ...state }]])),
    deleteAll: () => Promise.reject(new Error('Readers delete nothing.')),
  };
  const watched = new WatchedArchive(variant.reader?.(given) ?? given, watch);
  const deps = { batches, partitions, archive: watched, clock };
  const runs = new RunReader({ ...deps, ask: asReadersAsk(clock) });
  return { reader: new Reader(deps), runs, clock, random, history, state };
};
