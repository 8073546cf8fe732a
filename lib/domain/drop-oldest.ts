/**
 * Forgets what was put into `map` first, where it has more than `size` entries. To make a standing entry the newest, delete it
 * before it is put in again.
 */
export const dropOldest = <Key>(map: Map<Key, unknown>, size: number): void => {
  for (const oldest of map.keys()) {
    if (map.size <= size) return;
    map.delete(oldest);
  }
};
