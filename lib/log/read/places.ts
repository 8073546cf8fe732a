import { concurrently } from '../../domain/concurrently.ts';
import { elapsedMs } from '../../domain/instants.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import type { KnownPartitions } from './known.ts';
import type { Ask } from './offsets.ts';

/** Where records are wanted from. */
export interface Place {
  readonly at: PartitionRef;
  readonly offset: number;
}

export interface PlacesDeps {
  readonly batches: Pick<BatchStore, 'present'>;
  readonly known: KnownPartitions;
  readonly ask: Ask;
  readonly clock: Clock;
}

/**
 * An end that was seen longer ago tells nothing: what began there may be gone by now, with all that would show it. No batch is deleted
 * within an hour of its append.
 */
const endMaxAgeMs = 60_000;

/** What one request to the store may ask for: BatchGetItem takes 100 keys. */
const placesPerRequest = 100;
const requestsAtOnce = 4;

/**
 * Whether there is something at or after each place, or may be. The log is dense, so the key of a partition's next batch is known
 * where its end is: what begins there is asked of up to 100 partitions in one request, eventually consistent. Where it is not known
 * there may be something: whoever reads there learns the end.
 */
export const readyPlaces = async (
  { batches, known, ask, clock }: PlacesDeps,
  places: readonly Place[],
): Promise<readonly boolean[]> => {
  const now = instantOf(clock);
  const isReady = places.map(({ at, offset }) => {
    const { end, endSeenAt } = known.get(at);
    return end !== offset || endSeenAt === undefined || elapsedMs(endSeenAt, now) > endMaxAgeMs;
  });
  const asked = places.flatMap((place, index) => (isReady[index] ? [] : [{ place, index }]));
  const requests = Array.from({ length: Math.ceil(asked.length / placesPerRequest) }, (_none, request) =>
    asked.slice(request * placesPerRequest, (request + 1) * placesPerRequest),
  );
  await concurrently(requestsAtOnce, requests, async (some) => {
    const wanted = some.map(({ place: { at, offset } }) => ({ at, base: offset }));
    const present = await ask((signal) => batches.present(wanted, signal));
    // It says nothing of some where what it found is too much for one answer, and then they may be there: those who are always asked
    // for behind others would be passed over for ever. Where it found nothing, it has no capacity left for more reads.
    const unsaid = present.includes(true);
    for (const [position, { place, index }] of some.entries()) {
      const isPresent = present[position];
      isReady[index] = isPresent ?? unsaid;
      if (isPresent === false) known.sawEnd(place.at, place.offset, now);
    }
  });
  return isReady;
};
