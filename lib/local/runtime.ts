import { createQueueConsumer } from '../../functions/deliver/queue-events.ts';
import { createStreamConsumer } from '../../functions/on-append/stream-events.ts';
import type { ArchiveOptions } from '../archive/options.ts';
import { Authenticator } from '../auth/authenticator.ts';
import { Quotas } from '../auth/quotas/quotas.ts';
import { AckTokens } from '../delivery/acks/token.ts';
import { AttemptLog } from '../delivery/attempt-log/attempt-log.ts';
import { deliver } from '../delivery/deliver.ts';
import { newDeliveryMemory } from '../delivery/memory.ts';
import { onAppend } from '../delivery/on-append.ts';
import { Pacing } from '../delivery/pacing/pacing.ts';
import { PartitionEnds } from '../delivery/sweep/ends.ts';
import { sweep } from '../delivery/sweep/sweep.ts';
import { longestLeaseMs } from '../domain/groups/cursors.ts';
import type { ApiKey } from '../domain/keys.ts';
import { limits } from '../domain/limits.ts';
import { StickyPartition } from '../domain/records/partitioning.ts';
import { newSystemEvents } from '../events/teller.ts';
import { tellChanges } from '../events/telling-changes.ts';
import { announceChanges } from '../groups/announced-changes.ts';
import { endLeases } from '../groups/end-leases.ts';
import { CursorChanges } from '../groups/pull/cursor-changes.ts';
import { PullGroups } from '../groups/pull/pull-groups.ts';
import { Receivers } from '../groups/receivers.ts';
import { acksApp } from '../http/acks.ts';
import { adminApp } from '../http/admin.ts';
import { consumeApp } from '../http/consume.ts';
import { describeApp } from '../http/describe.ts';
import { produceApp } from '../http/produce.ts';
import { pullApp } from '../http/pull.ts';
import { Appender } from '../log/append/appender.ts';
import { quickCompression } from '../log/append/options.ts';
import { Arrivals } from '../log/read/arrivals.ts';
import { Reader } from '../log/read/reader.ts';
import { RunReader } from '../log/read/run.ts';
import { Secrets } from '../secrets/secrets.ts';
import { ProcessExpressions } from '../stores/expressions/expressions.ts';
import { HttpsWebhookSender } from '../stores/https/webhooks.ts';
import { wakeFromMessage } from '../stores/sqs/wake-message.ts';
import { systemClock as clock } from '../stores/system/clock.ts';
import { systemRandom as random } from '../stores/system/random.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { TopicDirectory } from '../topics/directory.ts';
import { localArchive } from './archive.ts';
import { asStartError, type DataFolder, openDataFolder } from './data-folder.ts';
import { installedAsset } from './docs-assets.ts';
import { type Apps, type HttpServer, serveHttp } from './http-server.ts';
import { establishKeyring } from './keyring.ts';
import { announceWrites } from './pumps/announced-batches.ts';
import { QueuePump } from './pumps/queue-pump.ts';
import { StreamPump } from './pumps/stream-pump.ts';
import { SweepTimer } from './pumps/sweep-timer.ts';
import { establishRootKey, type RootKey } from './root-key.ts';
import { type LocalStores, openStores } from './stores.ts';

export interface RuntimeOptions {
  /** The data folder. */
  readonly folder: string;
  readonly port: number;
  /** The address to listen at, 127.0.0.1 unless said. */
  readonly host?: string;
  readonly telemetry: Telemetry;
  /** The root key; without it the data folder's own. */
  readonly adminKey?: string;
  /** Between sweeps. */
  readonly sweepMs?: number;
  /** When segments are sealed, and batches deleted. */
  readonly archive?: Partial<ArchiveOptions>;
  /** Opens other stores than those of the data folder. */
  readonly openStores?: (folder: DataFolder, clock: Clock) => Promise<LocalStores>;
}

export interface Runtime {
  /** As `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly root: RootKey;
  readonly adminKey: string;
  /** Ends it cleanly, within a few seconds. Whatever is left undone the next start goes on with. */
  stop(): Promise<void>;
}

/** Deliveries at one time: 64 of them where one group alone has something to deliver. */
const deliveriesAtOnce = 160;
const stopGraceMs = 3000;
const expiryMs = 3_600_000;

/** Messages that are no wakes share a place among the groups. */
const groupOf = (body: string): string => {
  try {
    return wakeFromMessage(body).groupId;
  } catch {
    return '';
  }
};

/** The parts that run: nothing of them has begun when they are made. */
const compose = (opened: LocalStores, root: ApiKey, secrets: Secrets, given: RuntimeOptions) => {
  const { telemetry, sweepMs = 300_000 } = given;
  const receivers = new Receivers({ groups: opened.groups, clock });
  const memory = newDeliveryMemory({ groups: opened.groups, clock });
  let pulls: PullGroups | undefined;
  const groups = announceChanges(opened.groups, (ref) => {
    receivers.forget(ref.topicId);
    memory.subscriptions.forget(ref);
    pulls?.changed({ topicId: ref.topicId, name: ref.group });
  });
  const stores = { ...opened, groups };
  const streamPump: StreamPump = new StreamPump(
    createStreamConsumer({ onAppend: (changed) => onAppend({ ...stores, receivers }, changed), telemetry }),
    { clock, telemetry },
  );
  // All that writes to the log writes through this process, unless the log tells of its writes by itself.
  const arrivals = new Arrivals({ complete: stores.stream === undefined });
  const batches = announceWrites(stores.batches, (at, base) => {
    arrivals.announce(at);
    if (stores.stream === undefined) streamPump.announce(at, base);
  });
  const logStream = stores.stream?.((record) => streamPump.push(record));
  const options = { compression: quickCompression };
  const appender = new Appender({ batches, idempotency: stores, clock, random, telemetry, options });
  const webhooks = new HttpsWebhookSender({ allowLoopback: true, excerpts: true });
  const archive = localArchive({ stores, options: given.archive, clock, random, telemetry });
  const reading = { batches, partitions: stores.partitions, archive: archive.reader, clock };
  const runs = new RunReader(reading);
  const directory = new TopicDirectory({ topics: stores.topics, clock });
  const systemEvents = newSystemEvents({ ...stores, appender, directory, clock, random, telemetry });
  const telling = tellChanges(groups, { systemEvents, clock, telemetry });
  const told = { ...stores, groups: telling, systemEvents };
  const shared = { ...told, secrets, appender, directory, clock, random, telemetry };
  const attemptLog = new AttemptLog(shared);
  const expressions = new ProcessExpressions();
  const pacing = new Pacing(shared);
  const delivering = { ...shared, runs, webhooks, expressions, pacing, attemptLog, memory };
  const queuePump = new QueuePump(
    stores.queue,
    createQueueConsumer({
      deliver: (wake, run) => deliver(delivering, wake, run),
      receipts: stores.queue,
      telemetry,
    }),
    {
      places: deliveriesAtOnce,
      timeoutMs: limits.deliverRunMs,
      // A lease that its run leaves behind is over when the message comes back.
      heldMs: limits.wakeVisibilityMs - longestLeaseMs,
      groupOf,
    },
    { clock, telemetry },
  );
  const ends = new PartitionEnds(batches);
  const sweepTimer = new SweepTimer(
    (run) => sweep({ ...shared, batches, ends, archive: archive.swept }, run),
    sweepMs,
    { clock, telemetry },
  );
  const expiryTimer = new SweepTimer(() => stores.expire(), expiryMs, {
    clock,
    telemetry,
    where: 'expiry',
  });
  const reader = new Reader({ ...reading, arrivals });
  pulls = new PullGroups({ ...shared, reader }, { isAlone: stores.stream === undefined });
  const http = {
    ...shared,
    pulls,
    announceMoves: (groupId: string) => pulls?.moved(groupId),
    batches,
    archiveQueue: archive.pump,
    webhooks,
    reader,
    authenticator: new Authenticator({ keys: stores.keys, clock, root }),
    root,
    sticky: new StickyPartition({ clock, random }),
    quotas: new Quotas({ clock }),
    allowLoopback: true,
  };
  const apps: Apps = {
    produce: produceApp(http),
    consume: consumeApp(http),
    pull: pullApp(http),
    acks: acksApp({
      ...http,
      tokens: new AckTokens(secrets),
      // Deliverers write these cursors too.
      changes: new CursorChanges(shared, { isAlone: false }),
    }),
    admin: adminApp(http),
    describe: describeApp({ ...http, asset: installedAsset }),
  };
  const pumps = { streamPump, queuePump, archivePump: archive.pump, sweepTimer, expiryTimer };
  return { apps, arrivals, appender, expressions, logStream, ...pumps };
};

type Parts = ReturnType<typeof compose>;

/** From the outside in: no more requests, no more wakes, and then what those have left under way. */
const stopParts = async (parts: Parts, server: HttpServer): Promise<void> => {
  const drained = server.stop(stopGraceMs);
  // Long polls are answered with what there is, which is nothing.
  parts.arrivals.stop();
  await Promise.all([
    drained,
    parts.queuePump.stop(stopGraceMs),
    parts.sweepTimer.stop(),
    parts.archivePump.stop(),
    parts.expiryTimer.stop(),
  ]);
  await parts.expressions.stop();
  await parts.appender.abandon();
  await parts.logStream?.stop();
  parts.streamPump.stop();
  await parts.streamPump.drained();
};

const begin = async (folder: DataFolder, stores: LocalStores, options: RuntimeOptions): Promise<Runtime> => {
  const root = await establishRootKey(folder.path, options.adminKey, { ...stores, clock, random });
  // Before anything here can take one: whoever holds a lease now is gone.
  await endLeases({ ...stores, clock, random });
  const keyrings = await establishKeyring(folder, { clock, random });
  const parts = compose(stores, root.stored, new Secrets({ keyrings, clock, random }), options);
  const server = await serveHttp(parts.apps, options, clock);
  parts.logStream?.start();
  parts.queuePump.start();
  parts.sweepTimer.start();
  parts.expiryTimer.start();
  return {
    url: server.url,
    root,
    adminKey: root.key,
    stop: async () => {
      await stopParts(parts, server);
      await stores.stop();
      folder.release();
    },
  };
};

/**
 * Starts the whole broker in this process: DESIGN §11.
 * @throws StartError when the data folder or the port cannot be had.
 */
export const startRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const folder = openDataFolder(options.folder);
  let stores: LocalStores | undefined;
  try {
    stores = await (options.openStores ?? openStores)(folder, clock);
    return await begin(folder, stores, options);
  } catch (error) {
    await stores?.stop();
    folder.release();
    throw asStartError(error, folder);
  }
};
