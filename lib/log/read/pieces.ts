import type { ArchivedRun } from '../../archive/read/segment-reader.ts';
import { UndecodableBatchError } from '../../domain/errors.ts';
import { type Batch, batchEnd } from '../../domain/records/batches.ts';
import { decodeBatch } from '../../domain/records/encoding.ts';
import type { Origin } from '../../domain/records/origin.ts';
import type { LogRecord } from '../../domain/records/records.ts';

/** Records that stand together in the log: those of a batch, or what the archive has of a run of offsets. */
export interface Piece {
  /** The first offset that it covers. */
  readonly from: number;
  /** The offset after the last that it covers. */
  readonly end: number;
  /** How many there are: as many as offsets in a batch, perhaps fewer in the archive. */
  readonly count: number;
  /** Bytes that they take where they are stored, or more. */
  readonly bytes: number;
  readonly isArchived: boolean;
  /** The call that a batch came from. The archive knows of none. */
  readonly origin?: Origin | undefined;
  /**
   * Its records in order of offset, and their bytes of JSON.
   * @throws UndecodableBatchError
   */
  decode(): { readonly records: readonly LogRecord[]; readonly bytes: number };
}

/** A batch as a piece, decoded when it is asked for. */
export const batchPiece = (batch: Batch, partition: number): Piece => ({
  from: batch.base,
  end: batchEnd(batch),
  count: batch.count,
  bytes: batch.data.length,
  isArchived: false,
  origin: batch.origin,
  decode: () => decodeBatch(batch, partition),
});

/** What was read of the archive, as a piece. */
export const archivedPiece = (run: ArchivedRun, partition: number): Piece => {
  const { from, end, records, bytes, damage } = run;
  return {
    from,
    end,
    // Whoever counts what is there must come upon the damage.
    count: damage === undefined ? records.length : end - from,
    bytes,
    isArchived: true,
    decode: () => {
      if (damage === undefined) return run;
      const what = 'part of a segment';
      throw new UndecodableBatchError({ partition, base: from, count: end - from, what }, damage);
    },
  };
};
