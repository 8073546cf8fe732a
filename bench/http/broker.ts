/** The broker's HTTP interface over stores by name, without deliveries: a composition root of its own, as lib/local/runtime.ts. */
import { Authenticator } from '../../lib/auth/authenticator.ts';
import { newKey, storedKey } from '../../lib/auth/keys.ts';
import { Quotas } from '../../lib/auth/quotas/quotas.ts';
import { StickyPartition } from '../../lib/domain/records/partitioning.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import { adminApp } from '../../lib/http/admin.ts';
import { consumeApp } from '../../lib/http/consume.ts';
import { describeApp } from '../../lib/http/describe.ts';
import { produceApp } from '../../lib/http/produce.ts';
import { pullApp } from '../../lib/http/pull.ts';
import { installedAsset } from '../../lib/local/docs-assets.ts';
import { serveHttp } from '../../lib/local/http-server.ts';
import { announceWrites } from '../../lib/local/pumps/announced-batches.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { quickCompression } from '../../lib/log/append/options.ts';
import { Arrivals } from '../../lib/log/read/arrivals.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { ownSecrets } from '../../test/harness/secrets.ts';
import { serveParent } from './messages.ts';
import { openStores } from './stores.ts';

const [folder = '', store = ''] = process.argv.slice(2);
const stores = openStores[store]?.(folder);
if (stores === undefined)
  throw new Error(`There are no stores "${store}". Known are ${Object.keys(openStores).join(', ')}.`);

const key = newKey(random);
await stores.keys.put(storedKey(key, { name: 'bench', scopes: ['admin'] }, clock.now()));
const arrivals = new Arrivals({ complete: true });
const batches = announceWrites(stores.batches, (at) => arrivals.announce(at));
const directory = new TopicDirectory({ topics: stores.topics, clock });
const reader = new Reader({ batches, partitions: stores.partitions, clock, arrivals });
const appender = new Appender({
  batches,
  idempotency: stores,
  clock,
  random,
  telemetry,
  options: { compression: quickCompression },
});
const deps = {
  ...stores,
  batches,
  secrets: ownSecrets(),
  appender,
  reader,
  // As in the runtime there is a root key, which every key is compared with first.
  authenticator: new Authenticator({
    keys: stores.keys,
    clock,
    root: storedKey(newKey(random), { name: 'root', scopes: ['admin'] }, clock.now()),
  }),
  directory,
  pulls: new PullGroups(
    { ...stores, systemEvents: noSystemEvents, appender, directory, reader, clock, random, telemetry },
    { isAlone: true },
  ),
  sticky: new StickyPartition({ clock, random }),
  quotas: new Quotas({ clock }),
  clock,
  random,
  telemetry,
};
const describe = describeApp({ ...deps, asset: installedAsset });
const apps = {
  produce: produceApp(deps),
  consume: consumeApp(deps),
  pull: pullApp(deps),
  acks: describe,
  admin: adminApp({
    ...deps,
    webhooks: { post: async () => ({ kind: 'unreachable', reason: 'None is called here.' }) },
  }),
  describe,
};
const server = await serveHttp(apps, { port: 0 }, clock);
serveParent({ port: Number(new URL(server.url).port), key });
