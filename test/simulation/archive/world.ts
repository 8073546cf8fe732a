import { Appender } from '../../../lib/log/append/appender.ts';
import { tailRules } from '../../../lib/log/tail.ts';
import { checkTold, hotPartition, type Told, write } from '../log/actors.ts';
import type { Connection } from '../log/network.ts';
import { readOnce } from '../log/readers.ts';
import { archive, clear, clearNowAndThen, readerOf, sendTasks, turnOnAndOff } from './actors.ts';
import { deliver, readInAllWays } from './readers.ts';
import { deleteTopic, takeApart } from './removal.ts';
import { ArchiveScene, type ArchiveVariant, hour } from './scene.ts';

export const genuine: ArchiveVariant = { name: 'the protocol as it is' };

export interface ArchiveResult {
  /** Undefined when every invariant held. */
  readonly breach: string | undefined;
  /** Records in the log. */
  readonly stored: number;
  /** The start offset in the end. */
  readonly start: number;
  /** Segments that manifests named, ever. */
  readonly segments: number;
  /** Records that the archive let go of for a later one of their key, tombstones for their age, and erased ones. */
  readonly superseded: number;
  readonly expired: number;
  readonly erased: number;
}

/**
 * Runs one seed, which gives the same run each time: a world of one partition, with writers, readers, archivers, who asks for
 * erasures and who clears away, over many hours, and then a calm end.
 */
export const runArchive = async (seed: number, variant: ArchiveVariant = genuine): Promise<ArchiveResult> => {
  const scene = new ArchiveScene(seed, variant);
  const { history, random, server } = scene;
  const told: Told[] = [];
  const writers = 1 + Math.floor(random.number() * 4);
  for (let index = 0; index < writers; index += 1)
    scene.start((connection) => writeSome(scene, connection, { name: `w${index}`, told }));
  scene.start((connection) => clearNowAndThen(scene, connection));
  for (let index = 0; index < 2; index += 1)
    scene.start((connection) => readInAllWays(() => readerOf(scene, connection), { rounds: 8, breaks: 0.4 }));
  scene.start(() => sendTasks(scene));
  if (random.number() < 0.15) scene.start((connection) => deleteTopic(scene, connection));
  if (random.number() < 0.3) scene.start((connection) => turnOnAndOff(scene, connection));
  await scene.settle();
  if (history.breach === undefined) await endCalmly(scene, told);
  return {
    breach: history.breach,
    stored: history.end,
    start: server.state.startOffset,
    segments: scene.segments,
    ...server.absences.counts,
  };
};

const writeSome = async (
  { random, history, content, variant: { rules = tailRules } }: ArchiveScene,
  connection: Connection,
  { name, told }: { readonly name: string; readonly told: Told[] },
): Promise<void> => {
  const { clock, batches } = connection;
  const appender = new Appender({ batches, clock, random, rules });
  const appends = 2 + Math.floor(random.number() * 6);
  const how = { appends, closes: 0, hurry: 0.4, content };
  await write({ name, appender, connection, clock, random, history, told, ...how });
};

/** Without any more faults, days later: all is archived, what was left is cleared away, and all can be read. */
const endCalmly = async (scene: ArchiveScene, told: readonly Told[]): Promise<void> => {
  const { history, server, table } = scene;
  if (!history.isGhost) checkTold(history, told);
  if (server.isAudited) history.checkTable(table.batches(hotPartition));
  scene.calm();
  scene.change({ ...scene.topic, archive: true });
  const done = tidyUp(scene, scene.connect(0));
  await scene.settle();
  if (history.breach !== undefined) return;
  await done;
  server.audit();
  if (scene.topic.deletingSince !== undefined) server.checkGone(hotPartition);
  else server.checkAtTheEnd(hotPartition, scene.topic);
};

const tidyUp = async (scene: ArchiveScene, connection: Connection): Promise<void> => {
  for (let round = 0; round < 4; round += 1) {
    await connection.clock.sleep(26 * hour);
    await archive(scene, connection);
    for (let turn = 0; turn < 3; turn += 1) await takeApart(scene, connection);
    await clear(scene, connection);
  }
  if (scene.topic.deletingSince !== undefined) return;
  const deps = readerOf(scene, connection);
  await readToTheEnd(scene, (offset) => readOnce(deps, offset));
  await readToTheEnd(scene, (offset) => deliver(deps, offset));
};

const readToTheEnd = async (
  { history, server }: ArchiveScene,
  readOn: (offset: number) => Promise<number | undefined>,
): Promise<void> => {
  for (let offset = server.state.startOffset; offset < history.end; ) {
    const next = (await readOn(offset)) ?? offset;
    if (next <= offset) {
      history.report(`the log cannot be read past ${offset}`);
      return;
    }
    offset = next;
  }
};
