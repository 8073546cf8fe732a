import type { SweepPlace, SweepPlaceStore } from '../sweep-places.ts';

/** The sweep's place in memory. */
export class MemorySweepPlaceStore implements SweepPlaceStore {
  #place: SweepPlace = {};

  async get(): Promise<SweepPlace> {
    return this.#place;
  }

  async set(place: SweepPlace): Promise<void> {
    this.#place = Object.freeze({ ...place });
  }
}
