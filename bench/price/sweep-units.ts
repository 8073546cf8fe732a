import { ArchiveDue } from '../../lib/archive/due.ts';
import { archiveDefaults } from '../../lib/archive/options.ts';
import { PartitionEnds } from '../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../lib/delivery/sweep/sweep.ts';
import { deliveryDefaults } from '../../lib/domain/groups/groups.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import type { RequestUsage } from '../../lib/stores/dynamodb/table/client.ts';
import { MemoryObjectStore } from '../../lib/stores/memory/objects.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { openEmbeddedStores } from '../../test/embedded/stores.ts';
import { ownSecrets } from '../../test/harness/secrets.ts';

export interface Idle {
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  /** Of each topic. */
  readonly groups: number;
}

/**
 * What DynamoDB charges of a read that finds nothing, as the embedded one does not: half a unit, or a whole one where it is
 * strongly consistent, as all of the state table are
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
 */
const leastUnits = ({ table }: RequestUsage): number => (table.endsWith('log') ? 0.5 : 1);

/** The read units of one sweep over topics in which all is delivered, counted at the clients, over embedded tables. */
export const sweepReadUnits = async ({ topics, partitions, groups }: Idle): Promise<number> => {
  let units = 0;
  const onRequest = (usage: RequestUsage): void => {
    if (usage.access === 'write') units = Number.NaN;
    units += Math.max(usage.units ?? 0, leastUnits(usage));
  };
  const stores = await openEmbeddedStores({ clock, onRequest });
  try {
    const { batches } = stores;
    const appender = new Appender({ batches, clock, random, telemetry });
    const createdAt = clock.now();
    for (let index = 0; index < topics; index += 1) {
      const topic = { name: `topic-${index}`, topicId: `topic${index}`, partitions, retentionHours: 168 };
      await stores.topics.create({ ...topic, archive: true, createdAt });
      const at = Array.from({ length: partitions }, (_, partition) => ({
        topicId: topic.topicId,
        partition,
      }));
      await Promise.all(at.map((partition) => appender.append(partition, [{ key: 'a' }])));
      await Promise.all(at.map((partition) => stores.partitions.advance(partition, 'archivedThrough', 1)));
      for (let number = 0; number < groups; number += 1) {
        const group = { name: `group-${number}`, groupId: `group${index}-${number}`, topic: topic.name };
        const startOffsets = at.map(() => 1);
        const ref = { topicId: topic.topicId, group: group.name };
        const settings = { mode: 'push', start: 'latest', startOffsets, delivery: deliveryDefaults } as const;
        await stores.groups.create({ ...group, topicId: topic.topicId, ...settings, createdAt });
        const endpoint = { endpointId: 'e', url: 'https://example.com/', secrets: [], createdAt };
        await stores.groups.putEndpoint(ref, { ...endpoint, status: 'enabled' });
      }
    }
    const { segments, erasures, partitions: partitionStates } = stores;
    const archive = {
      due: new ArchiveDue({ batches, segments, options: archiveDefaults }),
      queue: { send: () => Promise.reject(new Error('An idle sweep found something to archive.')) },
      partitions: partitionStates,
      segments,
      erasures,
      objects: new MemoryObjectStore(clock),
    };
    const deps = {
      ...stores,
      secrets: ownSecrets(),
      systemEvents: noSystemEvents,
      ends: new PartitionEnds(batches),
      archive,
      appender,
      clock,
      telemetry,
    };
    const run = { remainingMs: () => 240_000 };
    // The first one of a process has to find out where each partition ends.
    await sweep(deps, run);
    units = 0;
    await sweep(deps, run);
    if (Number.isNaN(units)) throw new Error('An idle sweep wrote something.');
    return units;
  } finally {
    await stores.stop();
  }
};
