import { archivePartition } from '../archive/archiver.ts';
import { ArchiveDue } from '../archive/due.ts';
import { type ArchiveOptions, archiveDefaults } from '../archive/options.ts';
import { parquetSegments } from '../archive/parquet/parquet-segments.ts';
import { ArchiveReader } from '../archive/read/reader.ts';
import type { SweepArchive } from '../delivery/sweep/archive.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { ArchivePump } from './pumps/archive-pump.ts';
import { announceReplaced } from './replaced-segments.ts';
import type { LocalStores } from './stores.ts';
import { batchesInTurns, readInTurns, takingTurns } from './turns.ts';

export interface LocalArchiveDeps {
  readonly stores: Pick<
    LocalStores,
    'topics' | 'batches' | 'partitions' | 'segments' | 'erasures' | 'objects'
  >;
  readonly options?: Partial<ArchiveOptions> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** The archive of one machine: who reads it, who writes it, and what the sweep needs of it. */
export interface LocalArchive {
  readonly reader: ArchiveReader;
  readonly pump: ArchivePump;
  readonly swept: SweepArchive;
}

/** Archives in this process, in turns with everything else that it does. */
export const localArchive = (deps: LocalArchiveDeps): LocalArchive => {
  const { stores, clock, random, telemetry } = deps;
  const { batches, partitions, segments, erasures, objects } = stores;
  const options = { ...archiveDefaults, ...deps.options };
  const turn = takingTurns(clock);
  const reader = new ArchiveReader({ segments, objects, format: parquetSegments, clock });
  const archiver = {
    ...stores,
    batches: batchesInTurns(batches, turn),
    segments: announceReplaced(segments, (at, object) => reader.forget(at, { object })),
    format: readInTurns(parquetSegments, turn),
    clock,
    random,
    telemetry,
    options,
  };
  const pump = new ArchivePump((task, run) => archivePartition(archiver, task, run), { clock, telemetry });
  return {
    reader,
    pump,
    swept: {
      due: new ArchiveDue({ batches, segments, options }),
      queue: pump,
      partitions,
      segments,
      erasures,
      objects,
    },
  };
};
