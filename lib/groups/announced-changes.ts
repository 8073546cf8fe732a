import type { GroupRef, GroupStore } from '../stores/groups.ts';

/**
 * The same store, telling of every change that may have been made: for a process that remembers groups and changes them
 * itself. Whoever the change is answered to finds nothing remembered from before it.
 */
export const announceChanges = (store: GroupStore, announce: (ref: GroupRef) => void): GroupStore => {
  const told = async <T>(ref: GroupRef, change: Promise<T>): Promise<T> => {
    try {
      return await change;
    } finally {
      announce(ref);
    }
  };
  return {
    get: (ref) => store.get(ref),
    list: (topicId) => store.list(topicId),
    create: (group) => told({ topicId: group.topicId, group: group.name }, store.create(group)),
    update: (read, change) => told({ topicId: read.topicId, group: read.name }, store.update(read, change)),
    delete: (ref, groupId) => told(ref, store.delete(ref, groupId)),
    putEndpoint: (ref, endpoint) => told(ref, store.putEndpoint(ref, endpoint)),
    updateEndpoint: (ref, read, change) => told(ref, store.updateEndpoint(ref, read, change)),
    deleteEndpoint: (ref, endpointId) => told(ref, store.deleteEndpoint(ref, endpointId)),
    // Of what nobody was told of.
    barEndpoint: (ref, endpointId, isForsaken) => store.barEndpoint(ref, endpointId, isForsaken),
    places: (topicId) => store.places(topicId),
    replacePlaces: (topicId, read, places) => store.replacePlaces(topicId, read, places),
    barGroup: (ref, groupId, isForsaken) => store.barGroup(ref, groupId, isForsaken),
    deletePlaces: (topicId) => store.deletePlaces(topicId),
  };
};
