import { expect } from 'vitest';
import { Authenticator } from '../../lib/auth/authenticator.ts';
import { storedKey } from '../../lib/auth/keys.ts';
import { Quotas } from '../../lib/auth/quotas/quotas.ts';
import { AckTokens } from '../../lib/delivery/acks/token.ts';
import type { Quota, Scope } from '../../lib/domain/keys.ts';
import { StickyPartition } from '../../lib/domain/records/partitioning.ts';
import { newSystemEvents } from '../../lib/events/teller.ts';
import { tellChanges } from '../../lib/events/telling-changes.ts';
import { CursorChanges } from '../../lib/groups/pull/cursor-changes.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import { acksApp } from '../../lib/http/acks.ts';
import { type AdminDeps, adminApp } from '../../lib/http/admin.ts';
import type { Api } from '../../lib/http/api.ts';
import { type ConsumeDeps, consumeApp } from '../../lib/http/consume.ts';
import { type DescribeDeps, describeApp } from '../../lib/http/describe.ts';
import { openApiDocument } from '../../lib/http/description/document.ts';
import { type Part, partFor } from '../../lib/http/paths.ts';
import { type ProduceDeps, produceApp } from '../../lib/http/produce.ts';
import { type PullAppDeps, pullApp } from '../../lib/http/pull.ts';
import type { AcksDeps } from '../../lib/http/routes/acks.ts';
import { installedAsset } from '../../lib/local/docs-assets.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { MemoryBatchStore } from '../../lib/stores/memory/batches.ts';
import { type MemoryStores, memoryStores } from '../../lib/stores/memory/stores.ts';
import { noTelemetry, type TelemetryEvent } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { type Description, DescriptionCheck } from '../harness/description.ts';
import { ownSecrets } from '../harness/secrets.ts';
import { seededRandom } from '../simulation/scheduler.ts';
import { ManualClock } from './manual-clock.ts';

/** A key of the form that ours have. */
export const keyNamed = (name: string): string => `mr_${name.padEnd(43, '_')}`;

export const adminKey = keyNamed('root-key-of-the-tests');

export type AppDeps = AcksDeps & ProduceDeps & ConsumeDeps & PullAppDeps & AdminDeps & DescribeDeps;

export interface World {
  readonly apps: Readonly<Record<Part, Api>>;
  readonly clock: ManualClock;
  readonly stores: MemoryStores;
  /** What the log is in. */
  readonly batches: MemoryBatchStore;
  readonly deps: AppDeps;
  readonly events: TelemetryEvent[];
  /** Stores a key of these rights and gives it. */
  readonly key: (grant: {
    readonly scopes: readonly Scope[];
    readonly topics?: readonly string[];
    readonly expiresAt?: number;
    readonly quota?: Quota;
  }) => Promise<string>;
}

/** The whole interface on memory stores, with the real appender and reader; `replace` puts something else in place. */
export const newWorld = async (replace: (deps: AppDeps) => Partial<AppDeps> = () => ({})): Promise<World> => {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const stores = memoryStores({ clock });
  const batches = new MemoryBatchStore(clock);
  const events: TelemetryEvent[] = [];
  const directory = new TopicDirectory({ topics: stores.topics, clock });
  const reader = new Reader({ batches, partitions: stores.partitions, clock });
  const appender = new Appender({ batches, idempotency: stores, clock, random });
  const telemetry = { record: (event: TelemetryEvent) => void events.push(event) };
  const shared = { ...stores, appender, directory, clock, random, telemetry };
  const systemEvents = newSystemEvents(shared);
  const groups = tellChanges(stores.groups, { ...shared, systemEvents });
  const pulls = new PullGroups(
    { ...shared, systemEvents, reader, telemetry: noTelemetry },
    { isAlone: true },
  );
  const secrets = ownSecrets({ clock, random });
  const deps: AppDeps = {
    ...shared,
    groups,
    pulls,
    announceMoves: (groupId) => pulls.moved(groupId),
    queue: stores.wakes,
    secrets,
    tokens: new AckTokens(secrets),
    changes: new CursorChanges(shared, { isAlone: false }),
    webhooks: { post: async () => ({ kind: 'answered', status: 200, excerpt: '{"ok":true}' }) },
    authenticator: new Authenticator({ keys: stores.keys, clock }),
    reader,
    asset: installedAsset,
    sticky: new StickyPartition({ clock, random }),
    quotas: new Quotas({ clock }),
  };
  let keys = 0;
  const key: World['key'] = async (grant) => {
    keys += 1;
    const name = `key-${keys}`;
    const presented = keyNamed(name);
    await stores.keys.put(storedKey(presented, { name, ...grant }, clock.now()));
    return presented;
  };
  await stores.keys.put(storedKey(adminKey, { name: 'root', scopes: ['admin'] }, clock.now()));
  const whole = { ...deps, ...replace(deps) };
  const apps = {
    produce: produceApp(whole),
    consume: consumeApp(whole),
    pull: pullApp(whole),
    acks: acksApp(whole),
    admin: adminApp(whole),
    describe: describeApp(whole),
  };
  return { apps, clock, stores, batches, deps: whole, events, key };
};

export interface Call {
  readonly key?: string | null;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is not JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

let check: DescriptionCheck | undefined;

/** Whatever a test asks for, it is answered as the description says. */
const description = (): DescriptionCheck => {
  check ??= new DescriptionCheck(JSON.parse(JSON.stringify(openApiDocument())) as Description);
  return check;
};

/** One request, `method path`, with the root key unless the call says otherwise. */
export const call = async ({ apps }: World, line: string, options: Call = {}): Promise<Answer> => {
  const [method = 'GET', path = '/'] = line.split(' ');
  const { key = adminKey, json, body = json === undefined ? undefined : JSON.stringify(json) } = options;
  const headers: Record<string, string> = {
    ...(key !== null && { authorization: `Bearer ${key}` }),
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...options.headers,
  };
  const init: RequestInit = { method, headers, ...(body !== undefined && { body, duplex: 'half' as const }) };
  // As whoever serves all of them finds the one to ask.
  const response = await apps[partFor(method, new URL(path, 'http://localhost').pathname)].request(
    path,
    init,
  );
  const text = await response.text();
  description().require(method, path, { status: response.status, headers: response.headers, text });
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : {},
  };
};

/** Expects a whole problem document, and gives it. */
export const expectProblem = (answer: Answer, status: number, code: string): Answer['json'] => {
  expect({ status: answer.status, code: answer.json['code'], text: answer.text }).toMatchObject({
    status,
    code,
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.json).toMatchObject({
    type: `urn:millrace:problem:${code}`,
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/\.$/),
    requestId: answer.headers.get('x-request-id'),
  });
  // Each a sentence of ours, and none of a library.
  for (const { message } of (answer.json['errors'] ?? []) as readonly { message: string }[])
    expect(message).toMatch(/^[A-Z"a-z_].*\.$/s);
  return answer.json;
};

/** The topic `orders`, or another, with as many partitions. */
export const withTopic = async (world: World, partitions: number, name = 'orders'): Promise<void> => {
  expect((await call(world, `PUT /v1/topics/${name}`, { json: { partitions } })).status).toBe(201);
};

export const produce = (world: World, records: readonly object[], topic = 'orders'): Promise<Answer> =>
  call(world, `POST /v1/topics/${topic}/records`, { json: { records } });
