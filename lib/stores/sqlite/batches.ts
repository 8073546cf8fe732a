import { dropOldest } from '../../domain/drop-oldest.ts';
import { NotSentError, OutcomeUnknownError } from '../../domain/errors.ts';
import type { Batch } from '../../domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { type BatchPage, type BatchRange, type BatchStore, isWithin, type PutOutcome } from '../batches.ts';
import type { Database } from './database.ts';

interface Row {
  readonly base: number;
  readonly count: number;
  readonly write_id: Uint8Array;
  readonly appended_at: number;
  readonly bytes_before: number;
  readonly max_timestamp: number | null;
  readonly keys: string | null;
  readonly producers: Uint8Array | null;
  readonly request_id: string | null;
  readonly traceparent: string | null;
  readonly data: Uint8Array;
}

const columns =
  'base, count, write_id, appended_at, bytes_before, max_timestamp, keys, producers, request_id, traceparent, data';

/** A range stops after so many bytes of data, as a query of DynamoDB does. */
const pageBytes = 1024 * 1024;

const toBatch = (row: Row): Batch => ({
  base: row.base,
  count: row.count,
  data: row.data,
  writeId: row.write_id,
  appendedAt: row.appended_at,
  bytesBefore: row.bytes_before,
  ...(row.max_timestamp !== null && { maxTimestamp: row.max_timestamp }),
  ...(row.keys !== null && { idempotencyKeys: JSON.parse(row.keys) as string[] }),
  ...(row.producers !== null && { producers: row.producers }),
  ...(row.request_id !== null && {
    origin: {
      requestId: row.request_id,
      ...(row.traceparent !== null && { traceparent: row.traceparent }),
    },
  }),
});

/**
 * The number of each partition in the log, which never changes once it is committed. What a write reads may not be
 * committed in the end, so it is remembered only afterwards.
 */
class Logs {
  readonly #database: Database;
  readonly #known = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Outside of writes. */
  committed(at: PartitionRef): number | undefined {
    const log = this.find(at);
    if (log !== undefined) this.remember(at, log);
    return log;
  }

  find(at: PartitionRef): number | undefined {
    const known = this.#known.get(partitionKey(at));
    if (known !== undefined) return known;
    const sql = 'SELECT log FROM logs WHERE topic_id = ? AND partition = ?';
    return this.#database.one<{ log: number }>(sql, at.topicId, at.partition)?.log;
  }

  findOrMake(at: PartitionRef): number {
    const found = this.find(at);
    if (found !== undefined) return found;
    const sql = 'INSERT INTO logs (topic_id, partition) VALUES (?, ?)';
    return Number(this.#database.statement(sql).run(at.topicId, at.partition).lastInsertRowid);
  }

  /** Once it is committed. */
  remember(at: PartitionRef, log: number): void {
    this.#known.set(partitionKey(at), log);
    dropOldest(this.#known, rememberedLogs);
  }
}

const rememberedLogs = 100_000;

/** The log on SQLite. A put is answered when the disk has it. */
export const sqliteBatchStore = (database: Database, clock: Pick<Clock, 'now' | 'monotonic'>): BatchStore => {
  const logs = new Logs(database);

  const selected = (log: number | undefined, rest: string, ...parameters: number[]): Batch | undefined => {
    if (log === undefined) return undefined;
    const row = database.one<Row>(
      `SELECT ${columns} FROM batches WHERE log = ? ${rest} ORDER BY base DESC LIMIT 1`,
      log,
      ...parameters,
    );
    return row && toBatch(row);
  };

  const put = (log: number, batch: Batch): PutOutcome => {
    const stored = database.run(
      `INSERT INTO batches (log, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      log,
      batch.base,
      batch.count,
      batch.writeId,
      batch.appendedAt,
      batch.bytesBefore,
      batch.maxTimestamp ?? null,
      batch.idempotencyKeys === undefined ? null : JSON.stringify(batch.idempotencyKeys),
      batch.producers ?? null,
      batch.origin?.requestId ?? null,
      batch.origin?.traceparent ?? null,
      batch.data,
    );
    if (stored === 1) return { kind: 'stored' };
    const winner = selected(log, 'AND base = ?', batch.base);
    return winner === undefined ? { kind: 'taken' } : { kind: 'taken', winner };
  };

  const range = (at: PartitionRef, { from, limit }: BatchRange): BatchPage => {
    const log = logs.committed(at);
    const batches: Batch[] = [];
    if (log === undefined) return { batches, more: false };
    let bytes = 0;
    const rows = database
      .statement(`SELECT ${columns} FROM batches WHERE log = ? AND base >= ? ORDER BY base`)
      .iterate(log, from) as Iterable<unknown> as Iterable<Row>;
    for (const row of rows) {
      if (batches.length === limit || bytes >= pageBytes) return { batches, more: true };
      batches.push(toBatch(row));
      bytes += row.data.length;
    }
    return { batches, more: false };
  };

  return {
    putIfAbsent: async (at, batch, attempt) => {
      if (attempt.signal?.aborted === true) throw new OutcomeUnknownError('The write was given up.');
      const done = await database.write('disk', () => {
        if (!isWithin(attempt, instantOf(clock))) return undefined;
        const log = logs.findOrMake(at);
        return { log, outcome: put(log, batch) };
      });
      if (done === undefined) throw new NotSentError('This write may not be sent any more.');
      logs.remember(at, done.log);
      return done.outcome;
    },
    last: async (at, signal) => {
      signal?.throwIfAborted();
      return selected(logs.committed(at), '');
    },
    end: async (at, { from }, signal) => {
      signal?.throwIfAborted();
      const log = logs.committed(at);
      const sql = 'SELECT base + count AS "end" FROM batches WHERE log = ? ORDER BY base DESC LIMIT 1';
      const row = log === undefined ? undefined : database.one<{ end: number }>(sql, log);
      return Math.max(from, row?.end ?? 0);
    },
    range: async (at, query, signal) => {
      signal?.throwIfAborted();
      return range(at, query);
    },
    floor: async (at, offset, _consistent, signal) => {
      signal?.throwIfAborted();
      return selected(logs.committed(at), 'AND base <= ?', offset);
    },
    present: async (places, signal) => {
      signal?.throwIfAborted();
      const sql = 'SELECT 1 FROM batches WHERE log = ? AND base = ?';
      return places.map(({ at, base }) => {
        const log = logs.committed(at);
        return log !== undefined && database.one(sql, log, base) !== undefined;
      });
    },
    // What comes back by a power failure is deleted again: see trim.
    delete: (at, bases) =>
      database.write('process', () => {
        const log = logs.find(at);
        if (log === undefined) return;
        for (const base of bases) database.run('DELETE FROM batches WHERE log = ? AND base = ?', log, base);
      }),
  };
};
