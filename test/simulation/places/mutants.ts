import { changedEndpoint, nextVersion } from '../../../lib/domain/groups/groups.ts';
import type { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';

/** The stores with one rule left out. */
export interface Mutant {
  readonly name: string;
  readonly of: (store: MemoryGroupStore) => Partial<MemoryGroupStore>;
}

export const mutants = {
  forsakenIsNotBarred: {
    name: 'a place is given away while its endpoint may still come to be stored',
    of: (store) => ({
      barEndpoint: async (ref, id, isForsaken) => isForsaken || store.barEndpoint(ref, id, false),
    }),
  },
  changeIsNotStopped: {
    name: 'a URL is given away while its endpoint may still come to have it',
    of: (store) => ({
      updateEndpoint: async (ref, read, change) =>
        Object.keys(change).length === 0
          ? changedEndpoint(read, change, nextVersion(read))
          : store.updateEndpoint(ref, read, change),
    }),
  },
  placesAreNotBound: {
    name: 'a place is taken in a group that is not as it was read any more',
    of: (store) => ({
      update: async (read, change) => {
        const now = await store.get({ topicId: read.topicId, group: read.name });
        return (
          now && store.update({ ...read, ...(now.group.version && { version: now.group.version }) }, change)
        );
      },
    }),
  },
  groupIsNotBarred: {
    name: 'a place is given away while its group may still come to be created',
    of: (store) => ({
      barGroup: async (ref, id, isForsaken) => isForsaken || store.barGroup(ref, id, false),
    }),
  },
  groupPlacesAreNotBound: {
    name: 'a place is taken in a topic whose places are not as they were read any more',
    of: (store) => ({
      replacePlaces: async (topicId, _read, places) =>
        store.replacePlaces(topicId, await store.places(topicId), places),
    }),
  },
} satisfies Record<string, Mutant>;
