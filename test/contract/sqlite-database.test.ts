import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { Segment } from '../../lib/domain/archive/segments.ts';
import type { LoggedAttempt } from '../../lib/domain/delivery/attempts.ts';
import { NotSentError, OutcomeUnknownError, Problem } from '../../lib/domain/errors.ts';
import type { Batch } from '../../lib/domain/records/batches.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../lib/stores/sqlite/stores.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { layout1 } from './layouts/layout-1.ts';
import { layout2 } from './layouts/layout-2.ts';
import { layout3 } from './layouts/layout-3.ts';
import { layout4 } from './layouts/layout-4.ts';
import { anyTime } from './windows.ts';

const opened = (file = join(temporaryFolder(), 'millrace.db')) => {
  const database = new Database(file);
  onTestFinished(() => {
    database.close();
  });
  return { database, file };
};

const noteIn = (database: Database, id: string): number =>
  database.run('INSERT INTO deleted (id, deleted_at) VALUES (?, 0)', id);

const notesIn = (file: string): readonly unknown[] => {
  const reader = new DatabaseSync(file, { readOnly: true });
  const rows = reader.prepare('SELECT id FROM deleted ORDER BY id').all();
  reader.close();
  return rows.map(({ id }) => id);
};

const synchronousOf = (database: Database): unknown =>
  database.one<{ synchronous: number }>('PRAGMA synchronous')?.synchronous;

const at = { topicId: 't', partition: 0 };
const segment: Segment = {
  start: 0,
  end: 1,
  records: 1,
  bytes: 1,
  bytesBefore: 0,
  object: 'topic=orders/partition=0/0-1-a.parquet',
  objectBytes: 100,
  footerBytes: 50,
  checksum: '',
  firstAppendedAt: 5,
  lastAppendedAt: 5,
  maxTimestamp: 5,
};
const attempt = (attemptId: string, when: number): LoggedAttempt => ({
  attemptId,
  at: when,
  partition: 0,
  endpointId: 'e',
  messageId: 'm',
  from: 0,
  to: 1,
  records: 1,
  attempt: 1,
  outcome: 'outage',
  ms: 1,
  request: '',
});
const batch = (base: number): Batch => ({
  base,
  count: 1,
  data: new Uint8Array([1]),
  writeId: new Uint8Array(8),
  appendedAt: 5,
  bytesBefore: 0,
});

test('what one turn asks for is one transaction, and what was answered is in the file', async () => {
  const { database, file } = opened();
  const seen: unknown[] = [];
  const writes = ['a', 'b', 'c'].map((id) =>
    database.write('disk', () => {
      noteIn(database, id);
      // Others see nothing of it before all is committed.
      seen.push(notesIn(file));
    }),
  );
  await Promise.all(writes);
  expect(seen).toEqual([[], [], []]);
  expect(notesIn(file)).toEqual(['a', 'b', 'c']);
});

test('a commit waits for the disk when anything in it must survive a power failure, and else does not', async () => {
  const { database } = opened();
  const full = 2;
  const normal = 1;
  expect(await database.write('process', () => synchronousOf(database))).toBe(normal);
  const both = [
    database.write('process', () => synchronousOf(database)),
    database.write('disk', () => synchronousOf(database)),
  ];
  expect(await Promise.all(both)).toEqual([full, full]);
  expect(await database.write('process', () => synchronousOf(database))).toBe(normal);
  // A write-ahead log: without it NORMAL would promise less, and FULL would wait twice.
  expect(database.one<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode).toBe('wal');
});

test('a problem is its own write’s alone', async () => {
  const { database, file } = opened();
  const refused = database.write('disk', () => {
    throw new Problem('conflict', 'It was deleted.');
  });
  const written = database.write('disk', () => noteIn(database, 'a'));
  await expect(refused).rejects.toMatchObject({ code: 'conflict' });
  expect(await written).toBe(1);
  expect(notesIn(file)).toEqual(['a']);
});

test('what SQLite refuses undoes the whole transaction, and nobody in it is told that it was written', async () => {
  const { database, file } = opened();
  const writes = [
    database.write('disk', () => noteIn(database, 'a')),
    database.write('disk', () => noteIn(database, 'a')),
  ];
  const outcomes = await Promise.allSettled(writes);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(NotSentError) });
  expect(notesIn(file)).toEqual([]);
  expect(await database.write('disk', () => noteIn(database, 'b'))).toBe(1);
  expect(notesIn(file)).toEqual(['b']);
});

test('a range that ends before its rows do keeps nothing open: the write-ahead log begins anew as ever', async () => {
  const { database, file } = opened();
  const { batches } = sqliteStores(database, { clock: systemClock });
  const large = (base: number) => ({ ...batch(base), data: new Uint8Array(300_000) });
  for (let base = 0; base < 60; base += 1) {
    expect(await batches.putIfAbsent(at, large(base), anyTime)).toEqual({ kind: 'stored' });
    if (base > 10) expect((await batches.range(at, { from: 0, limit: 1, consistent: true })).more).toBe(true);
  }
  expect(statSync(`${file}-wal`).size).toBeLessThan(8 * 2 ** 20);
});

test('a disk that is full refuses what is written, and takes it again when there is room', async () => {
  const { database } = opened();
  const { batches } = sqliteStores(database, { clock: systemClock });
  const large = (base: number) => ({ ...batch(base), data: new Uint8Array(100_000) });
  expect(await batches.putIfAbsent(at, large(0), anyTime)).toEqual({ kind: 'stored' });
  const pages = database.one<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0;
  database.one(`PRAGMA max_page_count = ${pages}`);
  await expect(batches.putIfAbsent(at, large(1), anyTime)).rejects.toMatchObject({
    name: 'RefusedError',
    message: 'The disk is full: the database takes no more until there is room.',
  });
  expect(await batches.last(at)).toEqual(large(0));
  database.one('PRAGMA max_page_count = 100000');
  expect(await batches.putIfAbsent(at, large(1), anyTime)).toEqual({ kind: 'stored' });
});

test('a commit that fails leaves its outcome unknown, and the next is as any', async () => {
  const { database, file } = opened();
  const failing = database.write('disk', () => {
    noteIn(database, 'a');
    // As SQLite does by itself where the disk is full: COMMIT finds no transaction.
    database.statement('ROLLBACK').run();
  });
  await expect(failing).rejects.toBeInstanceOf(OutcomeUnknownError);
  await database.write('disk', () => noteIn(database, 'b'));
  expect(notesIn(file)).toEqual(['b']);
});

test('the number of a partition that was made by a transaction that failed is not used again', async () => {
  const { database } = opened();
  const { batches } = sqliteStores(database, { clock: systemClock });
  const put = (partition: number, base: number) =>
    batches.putIfAbsent({ ...at, partition }, batch(base), anyTime);
  const failed = [
    put(0, 0),
    put(0, 1),
    database.write('disk', () => database.run('INSERT INTO keys (key_id, key) VALUES (NULL, NULL)')),
  ];
  const outcomes = await Promise.allSettled(failed);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await put(1, 7)).toEqual({ kind: 'stored' });
  expect(await put(0, 3)).toEqual({ kind: 'stored' });
  expect((await batches.last({ ...at, partition: 1 }))?.base).toBe(7);
  expect((await batches.last(at))?.base).toBe(3);
});

test('what was closed is there when it is opened again, with what was waiting to be written', async () => {
  const file = join(temporaryFolder(), 'millrace.db');
  const database = new Database(file);
  const stores = sqliteStores(database, { clock: systemClock });
  expect(await stores.batches.putIfAbsent(at, batch(0), anyTime)).toEqual({ kind: 'stored' });
  const waiting = stores.batches.putIfAbsent(at, batch(1), anyTime);
  database.close();
  expect(await waiting).toEqual({ kind: 'stored' });
  expect(existsSync(`${file}-wal`)).toBe(false);
  await expect(stores.batches.putIfAbsent(at, batch(2), anyTime)).rejects.toBeInstanceOf(NotSentError);
  const { batches } = sqliteStores(opened(file).database, { clock: systemClock });
  expect(await batches.last(at)).toEqual(batch(1));
});

test('a database of the layout before the archive opens with all that is in it, and takes segments', async () => {
  const file = join(temporaryFolder(), 'millrace.db');
  const older = new DatabaseSync(file);
  older.exec(layout1);
  older.exec(`
    INSERT INTO logs VALUES (1, 't', 0);
    INSERT INTO batches VALUES (1, 0, 1, x'0000000000000000', 5, 0, NULL, NULL, NULL, NULL, x'01');
    INSERT INTO partitions VALUES ('t', 0, 7, 3);
    INSERT INTO cursors VALUES ('g', 0, 4, 2, 'me', 9.5, 1, 0, NULL, 'outage', 1, 2, 3)
  `);
  older.close();
  for (let starts = 0; starts < 2; starts += 1) {
    const database = new Database(file);
    const stores = sqliteStores(database, { clock: systemClock });
    expect(await stores.batches.last(at)).toEqual(batch(0));
    const state = { startOffset: 7, archivedThrough: 3, trimmedThrough: starts, compactedThrough: 0 };
    expect(await stores.partitions.get(at)).toEqual(state);
    expect(await stores.cursors.get({ groupId: 'g', partition: 0 })).toMatchObject({
      committed: 4,
      epoch: 2,
    });
    await stores.partitions.advance(at, 'trimmedThrough', starts + 1);
    expect(await stores.segments.add(at, segment)).toEqual(segment);
    database.close();
  }
});

test('a database of the layout before idempotency keys opens with all that is in it, and takes them', async () => {
  const file = join(temporaryFolder(), 'millrace.db');
  const older = new DatabaseSync(file);
  older.exec(layout2);
  older.exec(`
    INSERT INTO logs VALUES (1, 't', 0);
    INSERT INTO batches VALUES (1, 0, 1, x'0000000000000000', 5, 0, NULL, NULL, NULL, NULL, x'01')
  `);
  older.close();
  const { batches, intents } = sqliteStores(opened(file).database, { clock: systemClock });
  expect(await batches.last(at)).toEqual(batch(0));
  const next = { ...batch(1), idempotencyKeys: ['key.0'], producers: new Uint8Array([1]) };
  await batches.putIfAbsent(at, next, anyTime);
  expect(await batches.last(at)).toEqual(next);
  const intent = { slot: 1, attempt: 'a', digest: 'd', expiresAt: 2 };
  expect(await intents.begin({ ...at, key: 'key' }, intent, 1)).toEqual(intent);
});

test('a database of the layout before groups that pull opens with all that is in it, and takes them', async () => {
  const file = join(temporaryFolder(), 'millrace.db');
  const older = new DatabaseSync(file);
  older.exec(layout3);
  older.exec(`
    INSERT INTO logs VALUES (1, 't', 0);
    INSERT INTO batches VALUES (1, 0, 1, x'0000000000000000', 5, 0, NULL, NULL, NULL, NULL, NULL, x'01');
    INSERT INTO cursors VALUES ('g', 0, 4, 2, 'me', 9.5, 1, 0.25, 7, 'outage', 1.5, 2, 3, 8);
    INSERT INTO cursors VALUES ('g', 1023, 5, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO cursors VALUES ('g2', 0, 6, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL)
  `);
  older.close();
  const leased = {
    ...{ committed: 4, epoch: 2, owner: 'me', leaseUntil: 9.5, attempts: 1, retryAt: 0.25, pendingEnd: 7 },
    ...{ lastFailure: 'outage', failingSince: 1.5, failedAt: 2, outageMs: 3, lost: 8 },
  };
  const free = { committed: 5, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
  const member = { consumerId: 'c', memberEpoch: 'm', expiresAt: 1, joinedAt: 0, polledAt: 0 };
  const inLane = { groupId: 'g', partition: 0, lane: 'r' };
  for (let starts = 0; starts < 2; starts += 1) {
    const database = new Database(file);
    const { batches, cursors, members } = sqliteStores(database, { clock: systemClock });
    expect(await batches.last(at)).toEqual(batch(0));
    expect([...(await cursors.list('g'))]).toStrictEqual([
      [0, leased],
      [1023, free],
    ]);
    expect([...(await cursors.list('g2'))]).toStrictEqual([[0, { ...free, committed: 6 }]]);
    expect((await cursors.list('g', 'r')).size).toBe(starts);
    expect(await members.list('g')).toHaveLength(starts);
    const next = { ...free, version: 1, writeId: 'w', runs: [] };
    expect(await cursors.replace(inLane, undefined, next)).toEqual({ done: true });
    await members.join('g', member);
    database.close();
  }
  const { cursors } = sqliteStores(opened(file).database, { clock: systemClock });
  const ref = { groupId: 'g', partition: 0 };
  expect(await cursors.commit(ref, { epoch: 2, committed: 7, leaseUntil: 0 })).toBe(true);
});

test('a database of the layout before push groups had dead letters opens with its cursors, and counts refusals', async () => {
  const file = join(temporaryFolder(), 'millrace.db');
  const older = new DatabaseSync(file);
  older.exec(layout4);
  older.exec(`
    INSERT INTO cursors (group_id, partition, committed, epoch, leaseUntil, attempts, retryAt, lane, pendingEnd)
      VALUES ('g', 0, 4, 2, 0, 1, 0, '', 7)
  `);
  older.close();
  const { cursors } = sqliteStores(opened(file).database, { clock: systemClock });
  const ref = { groupId: 'g', partition: 0 };
  const standing = { committed: 4, epoch: 2, leaseUntil: 0, attempts: 1, retryAt: 0, pendingEnd: 7 };
  expect(await cursors.get(ref)).toStrictEqual(standing);
  const retry = {
    attempts: 2,
    retryAt: 0,
    pendingEnd: 5,
    lastFailure: '',
    refusals: 3,
    refusedSince: 0.5,
    suspectEnd: 7,
  };
  expect(await cursors.release(ref, { epoch: 2, retry })).toBe(true);
  expect(await cursors.get(ref)).toStrictEqual({ ...standing, ...retry });
});

test.each([
  [1, layout1],
  [2, layout2],
  [3, layout3],
  [4, layout4],
])('a database of layout %i has every table, column and index of a new one', (_version, layout) => {
  const file = join(temporaryFolder(), 'millrace.db');
  const older = new DatabaseSync(file);
  older.exec(layout);
  older.close();
  const layoutOf = (database: Database): readonly unknown[] =>
    database.all(`
      SELECT m.type, m.tbl_name AS "table", c.name, c.type AS kind, c."notnull" AS required, c.dflt_value AS otherwise, c.pk
      FROM sqlite_master AS m LEFT JOIN pragma_table_info(m.name) AS c
      ORDER BY m.type, m.tbl_name, m.name, c.name`);
  expect(layoutOf(opened(file).database)).toEqual(layoutOf(opened().database));
});

test('members are forgotten a day after their session was over, and no others', async () => {
  const { database } = opened();
  const { members, expire } = sqliteStores(database, { clock: systemClock });
  const dayMs = 86_400_000;
  const session = (consumerId: string, expiresAt: number) =>
    members.join('g', { consumerId, memberEpoch: 'm', expiresAt, joinedAt: 0, polledAt: 0 });
  await session('over for long', Date.now() - dayMs - 1);
  await session('over', Date.now() - dayMs + 60_000);
  const renewed = await session('renewed', Date.now() - dayMs - 1);
  if (renewed) await members.renew('g', { ...renewed, polledAt: 1, expiresAt: Date.now() });
  expect(await expire()).toBe(1);
  expect((await members.list('g')).map(({ consumerId }) => consumerId)).toEqual(['over', 'renewed']);
});

test('a pace is forgotten a day after it was written last, and no other', async () => {
  const { database } = opened();
  let now = 0;
  const { paces, expire } = sqliteStores(database, { clock: { ...systemClock, now: () => now } });
  const dayMs = 86_400_000;
  const pace = { version: 1, writeId: 'a', held: [], bookedUntil: 0, waitedFor: 0 };
  const [old, kept] = ['old', 'kept'].map((endpointId) => ({ groupId: 'g', endpointId }));
  if (old === undefined || kept === undefined) throw new Error('There are two.');
  for (const ref of [old, kept]) await paces.replace(ref, undefined, pace);
  now = 1;
  await paces.replace(kept, pace, { ...pace, version: 2, writeId: 'b' });
  now = dayMs;
  expect(await expire()).toBe(1);
  expect([await paces.get(old), (await paces.get(kept))?.version]).toEqual([undefined, 2]);
});

test('what has expired of many intents is forgotten, and nothing else', async () => {
  const { database } = opened(join(temporaryFolder(), 'millrace.db'));
  const { intents, expire } = sqliteStores(database, { clock: systemClock });
  const refOf = (number: number) => ({ ...at, key: `key-${number}` });
  const intent = (expiresAt: number) => ({ slot: 1, attempt: 'a', digest: 'd', expiresAt });
  const later = Date.now() + 60_000;
  await Promise.all(
    Array.from({ length: 2_501 }, (_, number) =>
      intents.begin(refOf(number), intent(number === 7 ? later : Date.now() - 1), 0),
    ),
  );
  expect(await expire()).toBe(2_500);
  expect(await intents.find(refOf(7))).toEqual(intent(later));
  expect(await intents.find(refOf(8))).toBeUndefined();
});

test('attempts are forgotten after a week, and no others', async () => {
  const { database } = opened();
  const { attempts, expire } = sqliteStores(database, { clock: systemClock });
  const weekMs = 7 * 86_400_000;
  const now = Date.now();
  const older = Array.from({ length: 1_200 }, (_, number) =>
    attempt(`older-${number}`, now - weekMs - 60_000),
  );
  const kept = attempt('kept', now - weekMs + 60_000);
  await Promise.all([...older, kept].map((each) => attempts.put('g', each)));
  expect(await expire()).toBe(1_200);
  const outcomes = ['outage'] as const;
  expect(await attempts.list('g', { outcomes, from: 0, limit: 10 })).toEqual({ attempts: [kept] });
});
