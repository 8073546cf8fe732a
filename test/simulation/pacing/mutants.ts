import type { PaceStore } from '../../../lib/stores/paces.ts';

/** What a process does with the store when a rule of pacing is left out. */
export interface Mutant {
  readonly name: string;
  readonly broken: (store: PaceStore) => PaceStore;
}

/** Whatever stands is replaced, whether it was read or not. */
const unconditional: Mutant = {
  name: 'a write that is not bound to what was read',
  broken: (store) => ({
    ...store,
    replace: async (ref, read, next) => {
      const answer = await store.replace(ref, read, next);
      return answer.done ? answer : store.replace(ref, answer.standing, next);
    },
  }),
};

/** As if what was sent had been stored. */
const unknownIsDone: Mutant = {
  name: 'a write without an answer that is taken for done',
  broken: (store) => ({
    ...store,
    replace: (ref, read, next) => store.replace(ref, read, next).catch(() => ({ done: true as const })),
  }),
};

const othersForgotten: Mutant = {
  name: 'slots of others that are not counted',
  broken: (store) => ({
    ...store,
    get: async (ref) => {
      const pace = await store.get(ref);
      return pace && { ...pace, held: [] };
    },
  }),
};

/** A slot that ends before the request that is under way in it. */
const tooShort: Mutant = {
  name: 'a slot that does not cover its last request',
  broken: (store) => ({
    ...store,
    replace: (ref, read, next) => {
      const held = next.held.map((each) => ({ ...each, until: each.until - 35_000 }));
      return store.replace(ref, read, { ...next, held });
    },
  }),
};

const lineForgotten: Mutant = {
  name: 'places that others booked and that are booked again',
  broken: (store) => ({
    ...store,
    get: async (ref) => {
      const pace = await store.get(ref);
      return pace && { ...pace, bookedUntil: 0 };
    },
  }),
};

export const slotMutants = { unconditional, unknownIsDone, othersForgotten, tooShort };
export const rateMutants = { unconditional, lineForgotten };
